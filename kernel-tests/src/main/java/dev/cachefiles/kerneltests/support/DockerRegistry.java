// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** Debian's docker-registry, with TLS, on 127.0.0.1:5000; lets in the user {@code me} with the password {@code secret}. */
public final class DockerRegistry implements AutoCloseable {
    private static final int PORT = 5000;

    private final Process process;
    private final Path directory;

    private DockerRegistry(Process process, Path directory) {
        this.process = process;
        this.directory = directory;
    }

    /** Starts it on the data that it left before, and waits until it listens. */
    public static DockerRegistry start(Path directory, TlsFiles tls) throws IOException {
        Files.createDirectories(directory);
        letIn(directory, "me");
        return start(directory, tls, "htpasswd: {realm: test, path: " + directory + "/users}");
    }

    /** Starts it so that it lets in who has a token of a {@link TokenServer} with the same certificate. */
    public static DockerRegistry startWithTokens(Path directory, TlsFiles tls) throws IOException {
        Files.createDirectories(directory);
        return start(
                directory,
                tls,
                "token: {realm: \"" + TokenServer.REALM + "\", service: " + TokenServer.SERVICE + ", issuer: "
                        + TokenServer.ISSUER + ", rootcertbundle: " + tls.certificate() + "}");
    }

    private static DockerRegistry start(Path directory, TlsFiles tls, String authentication) throws IOException {
        Path configuration = Files.writeString(directory.resolve("config.yml"), """
                version: 0.1
                log: {level: warn}
                storage: {filesystem: {rootdirectory: %1$s/data}}
                auth: {%4$s}
                http: {addr: "127.0.0.1:5000", secret: s, tls: {certificate: %2$s, key: %3$s}}
                """.formatted(
                        directory, tls.certificate(), tls.key(), authentication));
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder("docker-registry", "serve", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        var registry = new DockerRegistry(process, directory);
        try {
            Ports.awaitListener(PORT, process, output);
        } catch (Throwable t) {
            registry.close();
            throw t;
        }
        return registry;
    }

    /** Lets in another user from now on, with the same password. */
    public void letIn(String user) throws IOException {
        letIn(directory, user);
    }

    private static void letIn(Path directory, String user) throws IOException {
        // The password as bcrypt with the least cost.
        Files.writeString(
                directory.resolve("users"), user + ":$2b$04$QHj7uYDw5rwLJy5tg7BBZehIXyD48IcPqEVzEUfjmMteQg.mdLdpa\n");
    }

    /** Changes a bit in the middle of a file of an image, in its copy of the image; or changes it back. */
    public void flip(Path image, Path file) throws IOException {
        String hex = OciLayout.sha256(image);
        Path blob = directory
                .resolve("data/docker/registry/v2/blobs/sha256")
                .resolve(hex.substring(0, 2))
                .resolve(hex)
                .resolve("data");
        try (FileChannel channel = FileChannel.open(blob, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var one = ByteBuffer.allocate(1);
            long at = middle(Files.readAllBytes(image), Files.readAllBytes(file));
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1)).flip();
            channel.write(one, at);
        }
    }

    /** Where in an image the middle of a file of random bytes is: any few of them are unique. */
    private static int middle(byte[] image, byte[] file) {
        int middle = file.length / 2;
        for (int at = 0; at + 16 <= image.length; at++) {
            if (Arrays.equals(image, at, at + 16, file, middle, middle + 16)) {
                return at;
            }
        }
        throw new AssertionError("the image has not the bytes of that file");
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
