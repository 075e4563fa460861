// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Debian's nginx: serves a directory with TLS and HTTP/2 on one port, and in plain text on another. */
public final class Nginx implements AutoCloseable {
    /** Where it serves in plain text. */
    public static final int PLAIN_PORT = 8080;

    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(120);

    private final Path directory;
    private final Process process;

    private Nginx(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
    }

    /**
     * Starts it and waits until it listens.
     *
     * @param files     what to serve
     * @param tls       its certificate; also port 8443 wants the user {@code me} with the password {@code secret}
     * @param location  more directives for what is served
     */
    public static Nginx start(Path files, TlsFiles tls, String location) throws IOException {
        Path directory = Files.createTempDirectory("nginx");
        setPassword(directory, "secret");
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off;
                user root;
                worker_processes 1;
                pid %1$s/pid;
                error_log %1$s/error.log;
                events {}
                http {
                  log_format ranges '"$request" $status $body_bytes_sent $http_range';
                  access_log %1$s/access.log ranges;
                  client_body_temp_path %1$s/b; proxy_temp_path %1$s/p; fastcgi_temp_path %1$s/f;
                  uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
                  server {
                    listen 127.0.0.1:8443 ssl http2;
                    ssl_certificate %2$s;
                    ssl_certificate_key %3$s;
                    location /images/ {
                      auth_basic "images"; auth_basic_user_file %1$s/users;
                      alias %4$s/;
                      %5$s
                    }
                  }
                  server {
                    listen 127.0.0.1:8080;
                    location /images/ { alias %4$s/; }
                  }
                }
                """.formatted(
                        directory, tls.certificate(), tls.key(), files, location));
        Process process = new ProcessBuilder("nginx", "-p", directory.toString(), "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        var nginx = new Nginx(directory, process);
        try {
            Ports.awaitListener(PLAIN_PORT, process, directory.resolve("output"));
        } catch (Throwable t) {
            nginx.close();
            throw t;
        }
        return nginx;
    }

    /** Wants another password from the next request on. */
    public void setPassword(String password) throws IOException {
        setPassword(directory, password);
    }

    private static void setPassword(Path directory, String password) throws IOException {
        // With few rounds: each request is checked anew.
        String hash = Shell.run("openssl", "passwd", "-1", password).orThrow();
        Files.writeString(directory.resolve("users"), "me:" + hash);
    }

    /** Waits until it has answered a request that was not in the log when that had this length. */
    public void awaitRequest(int before) throws IOException {
        long start = System.nanoTime();
        while (accessLog().length() <= before) {
            if (System.nanoTime() - start > TIMEOUT_NANOS) {
                throw new AssertionError("nginx was asked for nothing");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /**
     * What was sent to its end.
     *
     * @param first the first byte
     * @param last  the last byte
     */
    public record Range(long first, long last) {
        /** Number of bytes. */
        public long length() {
            return last - first + 1;
        }
    }

    /** The ranges that it has sent to their end, in the order in which they ended; without those that ask for the size. */
    public List<Range> sent() throws IOException {
        Matcher line =
                Pattern.compile("(?m)\" 206 ([0-9]+) bytes=([0-9]+)-([0-9]+)$").matcher(accessLog());
        var sent = new ArrayList<Range>();
        while (line.find()) {
            var range = new Range(Long.parseLong(line.group(2)), Long.parseLong(line.group(3)));
            if (range.last() > 0 && Long.parseLong(line.group(1)) == range.length()) {
                sent.add(range);
            }
        }
        return sent;
    }

    /** Waits until it has sent a number of ranges to their end. */
    public void awaitSent(int count) throws IOException {
        long start = System.nanoTime();
        while (sent().size() < count) {
            if (System.nanoTime() - start > TIMEOUT_NANOS) {
                throw new AssertionError("nginx has sent no more than " + accessLog());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** What it was asked for, and how it has answered. */
    public String accessLog() throws IOException {
        return Files.readString(directory.resolve("access.log"));
    }

    /** Ends it and its worker, whatever they are doing. The master first, which would start another worker. */
    @Override
    public void close() {
        List<ProcessHandle> workers = process.descendants().toList();
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        workers.forEach(ProcessHandle::destroyForcibly);
        workers.forEach(worker -> worker.onExit().join());
    }
}
