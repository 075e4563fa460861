// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A small registry on this machine, with one repository {@code images/app}, that can be told to misbehave. */
final class TestRegistry implements AutoCloseable {
    private static final String API = "/v2/images/app/";

    final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
    final Map<String, byte[]> manifests = new ConcurrentHashMap<>();

    /** Method, path and range of each request. */
    final Queue<String> asked = new ConcurrentLinkedQueue<>();

    /** The header that is wanted, and the challenge for those who do not send it. */
    volatile String wanted = "";

    volatile String challenge = "";

    /** What the service for tokens wants, and what it gives. */
    volatile String wantedForToken = "";

    volatile String token = "t1";

    volatile UnaryOperator<byte[]> tamper = bytes -> bytes;
    volatile int failWith;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    TestRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/token", exchange -> {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
                String header = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
                if (!wantedForToken.isEmpty() && !header.equals(wantedForToken) && !body.contains(wantedForToken)) {
                    answer(exchange, 401, new byte[0]);
                } else {
                    answer(exchange, 200, ("{\"token\":\"" + token + "\"}").getBytes(StandardCharsets.UTF_8));
                }
            }
        });
        server.createContext(API, exchange -> {
            try (exchange) {
                serve(exchange);
            }
        });
        server.start();
    }

    String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    String reference(String version) {
        return "oci://" + host() + "/images/app" + version;
    }

    String add(byte[] blob) {
        String digest = Sha256.of(blob);
        blobs.put(digest, blob);
        return digest;
    }

    /** Adds an image as others push them: without chunk digests. */
    String addImage(String tag, byte[]... layers) throws IOException {
        List<Map<String, Object>> descriptors = Arrays.stream(layers)
                .map(layer -> new Descriptor(MediaTypes.EROFS_LAYER, add(layer), layer.length, Map.of()).toJson())
                .toList();
        return addManifest(tag, Map.of("schemaVersion", 2, "mediaType", MediaTypes.MANIFEST, "layers", descriptors));
    }

    String addManifest(String tag, Map<String, ?> json) throws IOException {
        byte[] manifest = Json.write(json);
        manifests.put(tag, manifest);
        manifests.put(Sha256.of(manifest), manifest);
        return Sha256.of(manifest);
    }

    private void serve(HttpExchange exchange) throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath().substring(API.length());
        String range = exchange.getRequestHeaders().getFirst("Range");
        asked.add(method + " " + path + (range == null ? "" : " " + range));
        byte[] sent = exchange.getRequestBody().readAllBytes();
        if (!wanted.isEmpty() && !wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
            answer(exchange, 401, new byte[0]);
        } else if (failWith != 0) {
            answer(exchange, failWith, new byte[0]);
        } else if (method.equals("POST")) {
            exchange.getResponseHeaders().set("Location", API + "blobs/uploads/1?state=x");
            answer(exchange, 202, new byte[0]);
        } else if (method.equals("PUT") && path.startsWith("blobs/")) {
            String digest = exchange.getRequestURI().getQuery().replaceAll(".*digest=", "");
            boolean right = Sha256.of(sent).equals(digest);
            if (right) {
                blobs.put(digest, sent);
            }
            answer(exchange, right ? 201 : 400, new byte[0]);
        } else if (method.equals("PUT")) {
            manifests.put(path.substring("manifests/".length()), sent);
            manifests.put(Sha256.of(sent), sent);
            answer(exchange, 201, new byte[0]);
        } else if (path.startsWith("manifests/")) {
            exchange.getResponseHeaders().set("Content-Type", MediaTypes.MANIFEST);
            give(exchange, manifests.get(path.substring("manifests/".length())), null);
        } else {
            byte[] blob = blobs.get(path.substring("blobs/".length()));
            give(exchange, blob == null ? null : tamper.apply(blob), range);
        }
    }

    private static void give(HttpExchange exchange, byte @Nullable [] bytes, @Nullable String range)
            throws IOException {
        if (bytes == null) {
            answer(exchange, 404, new byte[0]);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
        } else if (range == null) {
            answer(exchange, 200, bytes);
        } else {
            String[] ends = range.substring("bytes=".length()).split("-", -1);
            int first = Integer.parseInt(ends[0]);
            int last = Math.min(Integer.parseInt(ends[1]), bytes.length - 1);
            exchange.getResponseHeaders().set("Content-Range", "bytes " + first + "-" + last + "/" + bytes.length);
            answer(exchange, 206, Arrays.copyOfRange(bytes, first, last + 1));
        }
    }

    private static void answer(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
