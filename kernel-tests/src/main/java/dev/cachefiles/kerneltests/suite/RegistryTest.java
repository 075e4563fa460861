// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.DockerRegistry;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.OciLayout;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import dev.cachefiles.kerneltests.support.TlsFiles;
import dev.cachefiles.kerneltests.support.TokenServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of a real registry, with TLS and a password. One daemon serves all tests. */
class RegistryTest {
    private static final String SMALL = "file-12345";
    private static final String LARGE = "file-1000003";

    @TempDir
    private static Path directory;

    private static Path tree;
    private static Path image;
    private static String expected;
    private static Path dockerConfig;
    private static TlsFiles tls;
    private static BlobServerProcess server;

    private DockerRegistry registry;

    @BeforeAll
    static void serve() throws Exception {
        tree = SourceTree.create(directory.resolve("tree"), 9);
        expected = SourceTree.digests(tree);
        image = ErofsImage.make(directory.resolve("app.erofs"), tree);
        tls = TlsFiles.create();
        dockerConfig = directory.resolve("config.json");
        logIn("me");
        Path config = Files.writeString(directory.resolve("blob-server.yaml"), """
                cache: {directory: %1$s}
                server: {open-deadline: 150s, read-deadline: 150s}
                sources:
                  pushed:
                    type: oci
                    url: oci://127.0.0.1:5000/images/app
                    ca: %2$s
                    docker-config: %3$s
                    timeout: 60s
                    names: [v1]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                  copied:
                    type: oci
                    url: oci://127.0.0.1:5000/other/app
                    ca: %2$s
                    docker-config: %3$s
                    timeout: 60s
                    names: [v2]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                  tokens:
                    type: oci
                    url: oci://127.0.0.1:5000/tokens/app
                    ca: %2$s
                    docker-config: %3$s
                    timeout: 60s
                    names: [v3]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                """.formatted(
                        CacheDirectory.create(), tls.certificate(), dockerConfig));
        server = BlobServerProcess.run("serve", "--config", config.toString());
    }

    @AfterAll
    static void stop() throws Exception {
        assertEquals(0, server.terminate(), server.log());
    }

    @BeforeEach
    void start() throws Exception {
        logIn("me");
        registry = DockerRegistry.start(directory.resolve("registry"), tls);
    }

    @AfterEach
    void end() {
        registry.close();
    }

    private static void logIn(String user) throws IOException {
        String login = Base64.getEncoder().encodeToString((user + ":secret").getBytes(StandardCharsets.UTF_8));
        Files.writeString(dockerConfig, "{\"auths\":{\"127.0.0.1:5000\":{\"auth\":\"" + login + "\"}}}");
    }

    private static String push(String target) {
        return BlobServerCommand.run(
                        "push",
                        "--set",
                        "ca=" + tls.certificate(),
                        "--set",
                        "docker-config=" + dockerConfig,
                        "--chunk-size",
                        "64KiB",
                        image.toString(),
                        target)
                .orThrow()
                .strip();
    }

    private static void assertRead(ErofsMount mount, String name) throws Exception {
        Shell.Result result = compare(mount, name);
        assertEquals(0, result.status(), result + "\n" + server.log());
    }

    private static void assertUnreadable(ErofsMount mount, String name) throws Exception {
        Shell.Result result = compare(mount, name);
        assertEquals(2, result.status(), result + "\n" + server.log());
        assertTrue(result.errors().contains("Input/output error"), result.errors());
    }

    private static Shell.Result compare(ErofsMount mount, String name) {
        return Shell.run("cmp", mount.file(name).toString(), tree.resolve(name).toString());
    }

    @Test
    void what_was_pushed_is_read_right_or_not_at_all_whatever_becomes_of_the_registry() throws Exception {
        String pushed = push("oci://127.0.0.1:5000/images/app:v1");
        assertEquals(pushed, push("oci://127.0.0.1:5000/images/app:v1"));
        try (var mount = ErofsMount.mount("fsid=v1")) {
            assertRead(mount, SMALL);

            registry.close();
            assertUnreadable(mount, LARGE);
            registry = DockerRegistry.start(directory.resolve("registry"), tls);
            registry.flip(image, tree.resolve(LARGE));
            assertUnreadable(mount, LARGE);
            server.awaitLine("have the digest sha256:");
            registry.flip(image, tree.resolve(LARGE));

            registry.letIn("you");
            assertUnreadable(mount, LARGE);
            server.awaitLine("401");
            logIn("you");
            assertRead(mount, LARGE);
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    void what_skopeo_has_pushed_is_mounted_when_all_of_it_has_the_right_digest() throws Exception {
        Shell.run(
                        "skopeo",
                        "copy",
                        "--insecure-policy",
                        "--preserve-digests",
                        "--dest-cert-dir",
                        tls.certificate().getParent().toString(),
                        "--dest-creds",
                        "me:secret",
                        "oci:" + OciLayout.create(directory.resolve("layout"), image) + ":v2",
                        "docker://127.0.0.1:5000/other/app:v2")
                .orThrow();
        registry.flip(image, tree.resolve(LARGE));
        Shell.Result refused = BlobServerCommand.run(
                "mount", "v2", directory.resolve("refused").toString());
        assertTrue(refused.errors().contains("the digest of the whole"), refused.errors());
        registry.flip(image, tree.resolve(LARGE));
        try (var mount = ErofsMount.mount("fsid=v2")) {
            assertEquals(expected, SourceTree.digests(mount.point()), server.log());
        }
    }

    /** Tells whether the registry takes a token for an image. */
    private static boolean isTaken(String token) {
        Shell.Result asked = Shell.run(
                "curl",
                "--silent",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
                "--cacert",
                tls.certificate().toString(),
                "--header",
                "Authorization: Bearer " + token,
                "https://127.0.0.1:5000/v2/tokens/app/tags/list");
        return !asked.orThrow().equals("401");
    }

    @Test
    void a_token_that_is_not_good_any_more_is_replaced_while_an_image_is_read() throws Exception {
        registry.close();
        registry = DockerRegistry.startWithTokens(directory.resolve("tokens"), tls);
        try (var tokens = TokenServer.start(tls)) {
            push("oci://127.0.0.1:5000/tokens/app:v3");
            int pushed = tokens.given().size();
            try (var mount = ErofsMount.mount("fsid=v3")) {
                assertRead(mount, SMALL);
                List<String> given = tokens.given();
                assertTrue(given.size() > pushed);
                long start = System.nanoTime();
                while (isTaken(given.getLast())) {
                    assertTrue(System.nanoTime() - start < 180_000_000_000L, "the token does not end");
                    LockSupport.parkNanos(500_000_000);
                }
                assertRead(mount, LARGE);
                assertTrue(tokens.given().size() > given.size());
                assertEquals(expected, SourceTree.digests(mount.point()), server.log());
            }
        }
    }
}
