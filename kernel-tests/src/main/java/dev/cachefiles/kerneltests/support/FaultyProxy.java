// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between a daemon and a web server, both in plain text on this machine, and does to answers what a fault says. */
public final class FaultyProxy implements AutoCloseable {

    /** What happens to an answer. */
    public enum Fault {
        /** Nothing. */
        NONE,
        /** It is 401. */
        UNAUTHORIZED,
        /** It is 404. */
        NOT_FOUND,
        /** It is 429. */
        TOO_MANY,
        /** It is 500. */
        ERROR,
        /** It is 503. */
        UNAVAILABLE,
        /** The connection ends in the middle of the body. */
        TRUNCATED,
        /** The body ends in the middle, and nothing has said how long it is. */
        CUT,
        /** The connection is reset in the middle of the body. */
        RESET,
        /** The connection is reset instead. */
        REFUSED,
        /** The head comes, and half of the body, and no more. */
        STALLED,
        /** A byte in the middle of the body is another one. */
        WRONG_BYTES,
        /** It has another ETag. */
        OTHER_ETAG,
        /** It has bytes of another range, and says so. */
        OTHER_RANGE,
        /** It is 200 with all bytes: the range is ignored. */
        NO_RANGE,
        /** It is no HTTP. */
        GIBBERISH
    }

    private final ServerSocket server;
    private final int upstream;
    private final Set<Closeable> connections = ConcurrentHashMap.newKeySet();

    private Fault fault = Fault.NONE;
    private long spared;
    private int times;
    private String retryAfter = "";

    /** Starts a proxy on a port, for a server on another one, which need not be there yet. */
    public FaultyProxy(int port, int upstream) throws IOException {
        this.upstream = upstream;
        server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
        start("proxy", this::accept);
    }

    /** Does something to all answers from now on. */
    public void set(Fault next) {
        set(next, 0, Integer.MAX_VALUE, "3600");
    }

    /** Does something to all answers from the one on with which more bytes than these would have been asked for. */
    public void setAfter(long bytes, Fault next) {
        set(next, bytes, Integer.MAX_VALUE, "3600");
    }

    /** Does something to the next answer alone, and has it say that the next try may be in a second. */
    public void setOnce(Fault next) {
        set(next, 0, 1, "1");
    }

    private synchronized void set(Fault next, long bytes, int count, String seconds) {
        fault = next;
        spared = bytes;
        times = count;
        retryAfter = seconds;
    }

    /** Decides on an answer, by the number of bytes that are asked for. */
    private synchronized Fault next(long length) {
        if (fault == Fault.NONE || times == 0) {
            return Fault.NONE;
        }
        if (spared > length) {
            spared -= length;
            return Fault.NONE;
        }
        spared = 0;
        times--;
        return fault;
    }

    private synchronized String retryAfter() {
        return retryAfter;
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    /** A connection that ends, in whatever way, is all that can be said of a failure here. */
    private static void start(String name, Work work) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The other side sees it.
            }
        });
    }

    private void accept() throws IOException {
        while (true) {
            Socket socket = server.accept();
            connections.add(socket);
            start("proxied", () -> {
                try (socket) {
                    serve(socket);
                } finally {
                    connections.remove(socket);
                }
            });
        }
    }

    private void serve(Socket client) throws IOException {
        var in = new BufferedInputStream(client.getInputStream());
        while (true) {
            List<String> request = head(in);
            if (request.isEmpty()) {
                return;
            }
            Optional<long[]> range = range(request);
            Fault now = next(range.map(ends -> ends[1] - ends[0] + 1).orElse(1L));
            if (!answer(client, request, range, now)) {
                return;
            }
        }
    }

    /** Answers one request; tells whether the connection can go on. */
    private boolean answer(Socket client, List<String> request, Optional<long[]> range, Fault now) throws IOException {
        OutputStream out = client.getOutputStream();
        switch (now) {
            case UNAUTHORIZED -> status(out, "401 Unauthorized", "");
            case NOT_FOUND -> status(out, "404 Not Found", "");
            case TOO_MANY -> status(out, "429 Too Many Requests", "Retry-After: " + retryAfter() + "\r\n");
            case ERROR -> status(out, "500 Internal Server Error", "");
            case UNAVAILABLE -> status(out, "503 Service Unavailable", "Retry-After: " + retryAfter() + "\r\n");
            case REFUSED -> {
                client.setSoLinger(true, 0);
                return false;
            }
            case GIBBERISH -> {
                out.write("these are not the bytes that you are looking for\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                return false;
            }
            default -> {
                return passOn(client, changed(request, range, now), now);
            }
        }
        return true;
    }

    private static void status(OutputStream out, String status, String header) throws IOException {
        out.write(("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + header + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** The request for the server: on a connection of its own. */
    private static String changed(List<String> request, Optional<long[]> range, Fault now) {
        var lines = new ArrayList<String>();
        for (String line : request) {
            String lower = line.toLowerCase(Locale.ROOT);
            boolean dropped = lower.startsWith("connection:") || (lower.startsWith("range:") && now == Fault.NO_RANGE);
            if (lower.startsWith("range:") && now == Fault.OTHER_RANGE) {
                long by = range.orElseThrow()[0] >= 4096 ? -4096 : 4096;
                lines.add("Range: bytes=" + (range.orElseThrow()[0] + by) + "-" + (range.orElseThrow()[1] + by));
            } else if (!dropped) {
                lines.add(line);
            }
        }
        lines.add("Connection: close");
        return String.join("\r\n", lines) + "\r\n\r\n";
    }

    private boolean passOn(Socket client, String request, Fault now) throws IOException {
        OutputStream out = client.getOutputStream();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), upstream)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            var in = new BufferedInputStream(socket.getInputStream());
            List<String> answer = head(in);
            byte[] body = in.readAllBytes();
            var lines = new StringBuilder();
            for (String line : answer) {
                String lower = line.toLowerCase(Locale.ROOT);
                if (lower.startsWith("etag:") && now == Fault.OTHER_ETAG) {
                    lines.append("ETag: \"other\"\r\n");
                } else if (!lower.startsWith("connection:")
                        && !(lower.startsWith("content-length:") && now == Fault.CUT)) {
                    lines.append(line).append("\r\n");
                }
            }
            if (now == Fault.WRONG_BYTES && body.length > 0) {
                body[body.length / 2] ^= 0x40;
            }
            boolean half = now == Fault.TRUNCATED || now == Fault.CUT || now == Fault.RESET || now == Fault.STALLED;
            out.write(lines.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
            out.write(body, 0, half ? body.length / 2 : body.length);
            out.flush();
            if (now == Fault.RESET) {
                client.setSoLinger(true, 0);
            } else if (now == Fault.STALLED) {
                // Until the other side has had enough.
                client.getInputStream().transferTo(OutputStream.nullOutputStream());
            }
            return !half;
        } catch (IOException e) {
            // No server: as if this were it.
            return false;
        }
    }

    /** Reads the lines of a head; none at the end of the connection. */
    private static List<String> head(InputStream in) throws IOException {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            if (next != '\n') {
                line.append((char) next);
            } else if (line.toString().isBlank()) {
                return lines;
            } else {
                lines.add(line.toString().strip());
                line.setLength(0);
            }
        }
        return List.of();
    }

    private static Optional<long[]> range(List<String> request) {
        return request.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("range: bytes="))
                .map(line -> Arrays.stream(
                                line.substring("range: bytes=".length()).split("-", 2))
                        .mapToLong(Long::parseLong)
                        .toArray())
                .findFirst();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Closeable connection : connections) {
            connection.close();
        }
    }
}
