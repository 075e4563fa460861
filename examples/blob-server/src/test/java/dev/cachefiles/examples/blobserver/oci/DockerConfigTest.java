// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.examples.blobserver.http.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins of docker, with credential helpers that are real programs. */
class DockerConfigTest {
    private static final String HOST = "registry.example.org:5000";
    private static final String SECRET = "s3cr3t";

    @TempDir
    private Path directory;

    private final List<Path> programs = new ArrayList<>();

    @AfterEach
    void removePrograms() throws IOException {
        for (Path program : programs) {
            Files.delete(program);
        }
    }

    /** Makes a helper that is found by its name, as {@code docker-credential-NAME}; gives the name. */
    private String helper(String script) throws IOException {
        Path path = Arrays.stream(System.getenv("PATH").split(":"))
                .map(Path::of)
                .filter(entry -> entry.endsWith("test-programs"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the build puts target/test-programs on the PATH"));
        Files.createDirectories(path);
        String name = "test" + programs.size();
        Path program = Files.writeString(path.resolve("docker-credential-" + name), "#!/bin/sh\n" + script + "\n");
        programs.add(program);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return name;
    }

    private DockerConfig config(String host, String json) throws IOException {
        return new DockerConfig(Files.writeString(directory.resolve("config.json"), json), host);
    }

    private Optional<Login> login(String json) throws IOException {
        return config(HOST, json).login();
    }

    private static Login basic(String userAndPassword) {
        return Login.ofHeader(Credentials.basic(userAndPassword));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {HOST, "https://" + HOST, "http://" + HOST, "https://" + HOST + "/", "https://" + HOST + "/v2/"})
    void aPasswordInTheFileIsFound(String name) throws IOException {
        assertEquals(
                Optional.of(basic("me:a:b")),
                login("{\"auths\":{\"" + name + "\":{\"auth\":\"" + base64("me:a:b") + "\"}}}"));
        assertEquals(Optional.empty(), login("{\"auths\":{\"other\":{\"auth\":\"" + base64("me:a") + "\"}}}"));
    }

    @Test
    void otherFormsInTheFileAreKnown() throws IOException {
        assertEquals(
                Optional.of(basic("me:pw")),
                login("{\"auths\":{\"" + HOST + "\":{\"username\":\"me\",\"password\":\"pw\"}}}"));
        assertEquals(
                Optional.of(Login.ofHeader("Bearer t")),
                login("{\"auths\":{\"" + HOST + "\":{\"registrytoken\":\"t\"}}}"));
        assertEquals(
                Optional.of(new Login("", "t")), login("{\"auths\":{\"" + HOST + "\":{\"identitytoken\":\"t\"}}}"));
        assertEquals(Optional.empty(), login("{\"auths\":{\"" + HOST + "\":{}}}"));
        assertEquals(Optional.empty(), login("{\"auths\":[1]}"));
        assertEquals(Optional.empty(), new DockerConfig(directory.resolve("none"), HOST).login());
    }

    @Test
    void aHelperIsAskedForTheHostByItsProtocol() throws IOException {
        String helper = helper("read host; echo \"{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"$1\\\","
                + "\\\"Secret\\\":\\\"$host!\\\"}\"");
        assertEquals(
                Optional.of(basic("get:" + HOST + "!")),
                login("{\"credHelpers\":{\"" + HOST + "\":\"" + helper + "\"}}"));
        assertEquals(Optional.of(basic("get:" + HOST + "!")), login("{\"credsStore\":\"" + helper + "\"}"));
        assertEquals(
                Optional.of(basic("get:https://index.docker.io/v1/!")),
                config("docker.io", "{\"credsStore\":\"" + helper + "\"}").login());
    }

    @Test
    void aHelperForTheHostGoesBeforeTheFileAndThatBeforeTheStore() throws IOException {
        String one = helper("echo '{\"Username\":\"one\",\"Secret\":\"1\"}'");
        String two = helper("echo '{\"Username\":\"two\",\"Secret\":\"2\"}'");
        String auths = "\"auths\":{\"" + HOST + "\":{\"auth\":\"" + base64("file:f") + "\"}}";
        String store = "\"credsStore\":\"" + two + "\"";
        assertEquals(
                Optional.of(basic("one:1")),
                login("{\"credHelpers\":{\"" + HOST + "\":\"" + one + "\"}," + auths + "," + store + "}"));
        assertEquals(
                Optional.of(basic("file:f")),
                login("{\"credHelpers\":{\"other\":\"" + one + "\"}," + auths + "," + store + "}"));
        assertEquals(Optional.of(basic("two:2")), login("{" + store + "}"));
    }

    @Test
    void theUserTokenMeansAnIdentityToken() throws IOException {
        String helper = helper("echo '{\"Username\":\"<token>\",\"Secret\":\"" + SECRET + "\"}'");
        assertEquals(Optional.of(new Login("", SECRET)), login("{\"credsStore\":\"" + helper + "\"}"));
    }

    @Test
    void aHelperThatKnowsNothingIsNoFailure() throws IOException {
        String helper = helper("echo 'credentials not found in native keychain'; exit 1");
        assertEquals(Optional.empty(), login("{\"credsStore\":\"" + helper + "\"}"));
    }

    @Test
    void aHelperIsAskedAgainEachTime() throws IOException {
        Path count = directory.resolve("count");
        String helper = helper("echo x >>" + count
                + "; echo \"{\\\"Username\\\":\\\"me\\\",\\\"Secret\\\":\\\"$(grep -c x " + count + ")\\\"}\"");
        DockerConfig config = config(HOST, "{\"credsStore\":\"" + helper + "\"}");
        assertEquals(Optional.of(basic("me:1")), config.login());
        assertEquals(Optional.of(basic("me:2")), config.login());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo " + SECRET + "; exit 3",
                "echo '{\"Secret\":\"" + SECRET + "\"'",
                "echo " + SECRET,
                "echo '{\"Username\":\"me\",\"Password\":\"" + SECRET + "\"}'",
                "head -c 70000 /dev/zero | tr '\\0' s",
                "kill -9 $$"
            })
    void aHelperThatFailsIsNamedAndNoSecretShown(String script) throws IOException {
        String helper = helper(script);
        var failure = assertThrows(PermanentException.class, () -> login("{\"credsStore\":\"" + helper + "\"}"));
        assertTrue(failure.getMessage().contains("docker-credential-" + helper), failure.getMessage());
        for (Throwable t = failure; t != null; t = t.getCause()) {
            assertFalse(String.valueOf(t.getMessage()).contains(SECRET), String.valueOf(t.getMessage()));
        }
    }

    @Test
    void aReasonOnStandardErrorIsShown() throws IOException {
        String helper = helper("echo 'the vault is sealed' >&2; exit 1");
        var failure = assertThrows(PermanentException.class, () -> login("{\"credsStore\":\"" + helper + "\"}"));
        assertTrue(failure.getMessage().contains("status 1: the vault is sealed"), failure.getMessage());
    }

    @Test
    void aHelperThatHangsIsKilledAtTheDeadlineWithAllItHasStarted() throws Exception {
        Path pid = directory.resolve("pid");
        String helper = helper("sleep 600 & echo $! >" + pid + "; wait");
        long end = System.nanoTime() + 2_000_000_000L;
        var failure = new IOException[1];
        Deadline.during(() -> Math.max(0, end - System.nanoTime()), () -> {
            failure[0] = assertThrows(IOException.class, () -> login("{\"credsStore\":\"" + helper + "\"}"));
        });
        assertInstanceOf(TransientException.class, failure[0]);
        assertTrue(failure[0].getMessage().contains("docker-credential-" + helper), failure[0].getMessage());
        var sleeper = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
        if (sleeper.isPresent()) {
            sleeper.get().onExit().get(); // killed; the test's own timeout ends it otherwise
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"auths\":{\"" + HOST + "\":{\"auth\":\"" + SECRET + "\"}}}",
                "{\"auths\":{\"" + HOST + "\":{\"auth\":\"" + SECRET + "\"}}",
                "{\"auth\":" + SECRET + "}",
                SECRET,
                "[]",
                "{\"credsStore\":\"../" + SECRET + "/x\"}"
            })
    void aFileThatIsWrongIsNamedAndNoSecretShown(String json) {
        var failure = assertThrows(PermanentException.class, () -> login(json));
        assertTrue(
                failure.getMessage().contains("config.json")
                        || failure.getMessage().contains("credential helper"),
                failure.getMessage());
        if (!json.contains("credsStore")) {
            assertFalse(failure.getMessage().contains(SECRET), failure.getMessage());
        }
    }

    @Test
    void theFileIsWhereTheToolsOfOthersLookForIt() {
        assertEquals(
                Path.of("/a"), DockerConfig.defaultFile(Map.of("REGISTRY_AUTH_FILE", "/a", "DOCKER_CONFIG", "/b")));
        assertEquals(Path.of("/b/config.json"), DockerConfig.defaultFile(Map.of("DOCKER_CONFIG", "/b")));
        assertEquals(
                Path.of(System.getProperty("user.home"), ".docker/config.json"), DockerConfig.defaultFile(Map.of()));
    }
}
