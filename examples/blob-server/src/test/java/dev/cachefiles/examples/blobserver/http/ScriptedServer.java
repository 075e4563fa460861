// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on this machine that does as a test says. Unless it says something else: one blob, with ranges. */
final class ScriptedServer implements AutoCloseable {

    /** Answers one request. */
    @FunctionalInterface
    interface Script {
        void answer(HttpExchange exchange) throws IOException;
    }

    /** What was asked. */
    record Asked(String method, URI uri, Headers headers) {
        String header(String name) {
            return String.valueOf(headers.getFirst(name));
        }
    }

    final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
    volatile byte[] blob;
    volatile String etag = "\"one\"";
    volatile Script script = this::serve;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    ScriptedServer(byte[] blob) throws IOException {
        this(blob, 0);
    }

    ScriptedServer(byte[] blob, int port) throws IOException {
        this.blob = blob;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                var copy = new Headers();
                copy.putAll(exchange.getRequestHeaders());
                asked.add(new Asked(exchange.getRequestMethod(), exchange.getRequestURI(), copy));
                script.answer(exchange);
            }
        });
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    /** As a well-behaved server does. */
    void serve(HttpExchange exchange) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        if (!etag.isEmpty()) {
            headers.set("ETag", etag);
        }
        String match = exchange.getRequestHeaders().getFirst("If-Match");
        if (match != null && !match.equals(etag)) {
            status(exchange, 412);
            return;
        }
        ranged(exchange);
    }

    /** Sends the range, whatever is asked of the version. */
    void ranged(HttpExchange exchange) throws IOException {
        String[] range = range(exchange);
        int first = Integer.parseInt(range[0]);
        int last = Math.min(Integer.parseInt(range[1]), blob.length - 1);
        if (first > last) {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + blob.length);
            status(exchange, 416);
            return;
        }
        exchange.getResponseHeaders().set("Content-Range", "bytes " + first + "-" + last + "/" + blob.length);
        send(exchange, 206, Arrays.copyOfRange(blob, first, last + 1), last + 1 - first);
    }

    /** Sends everything, as a server does that knows no ranges. */
    void whole(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("ETag", etag);
        send(exchange, 200, blob, blob.length);
    }

    static String[] range(HttpExchange exchange) {
        return exchange.getRequestHeaders()
                .getFirst("Range")
                .substring("bytes=".length())
                .split("-", -1);
    }

    static void status(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
    }

    /** Sends bytes under a length that may be another one. */
    static void send(HttpExchange exchange, int status, byte[] bytes, int length) throws IOException {
        exchange.sendResponseHeaders(status, length == 0 ? -1 : length);
        if (length > 0) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(bytes);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
