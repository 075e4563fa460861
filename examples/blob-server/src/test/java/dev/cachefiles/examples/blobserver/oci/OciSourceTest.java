// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.settings.Origin;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.support.MountTable;
import dev.cachefiles.examples.blobserver.support.Preflight;
import dev.cachefiles.examples.blobserver.support.Refusal;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class OciSourceTest {
    private static final int CHUNK = 4096;

    private final byte[] image = erofs(50_000);
    private final List<Closeable> resolvers = new ArrayList<>();
    private TestRegistry registry;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        registry = new TestRegistry();
    }

    @AfterEach
    void stop() throws IOException {
        for (Closeable resolver : resolvers) {
            resolver.close();
        }
        registry.close();
    }

    private static byte[] erofs(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        System.arraycopy(new byte[] {(byte) 0xe2, (byte) 0xe1, (byte) 0xf5, (byte) 0xe0}, 0, bytes, 1024, 4);
        return bytes;
    }

    private Settings settings(String version, String... more) throws IOException {
        var written = new LinkedHashMap<String, Value>();
        var origin = Origin.option("test");
        written.put("url", new Value.Text(origin, registry.reference(version)));
        written.put("plain-http", new Value.Text(origin, "true"));
        written.put(
                "docker-config",
                new Value.Text(origin, directory.resolve("config.json").toString()));
        for (int i = 0; i < more.length; i += 2) {
            written.put(more[i], new Value.Text(origin, more[i + 1]));
        }
        if (written.containsKey("credentials-file") || written.containsKey("credentials-command")) {
            written.remove("docker-config");
        }
        var problems = new Problems();
        Settings settings = Settings.read(new Value.Mapping(origin, written), new OciType().settings(), problems);
        problems.throwIfAny();
        return settings;
    }

    private BlobResolver resolver(String version, String... more) throws IOException {
        var preflight = new Preflight(MountTable.read(MountTable.SELF), "cache", directory.resolve("cache"));
        BlobResolver resolver =
                new OciType().create(settings(version, more), new SourceContext("test", preflight, Map.of()));
        resolvers.add((Closeable) resolver);
        return resolver;
    }

    private static BlobSource resolve(BlobResolver resolver, String name) throws IOException {
        return resolver.resolve(new BlobKey("domain", ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8))));
    }

    private static byte[] read(BlobSource source, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(length);
            source.read(offset, target);
            return target.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private void assertServes(BlobSource source) throws IOException {
        assertEquals(image.length, source.size());
        assertReads(source, 0, image.length);
        assertReads(source, 0, CHUNK);
        assertReads(source, 1, 10);
        assertReads(source, CHUNK - 1, 2);
        assertReads(source, 100, 3 * CHUNK);
        assertReads(source, image.length - 1, 1);
    }

    private void assertReads(BlobSource source, int offset, int length) throws IOException {
        assertArrayEquals(Arrays.copyOfRange(image, offset, offset + length), read(source, offset, length));
    }

    private OciReference push(String version) throws IOException {
        Path file = Files.write(directory.resolve("app.erofs"), image);
        try (var push = new ImagePush(settings(version), CHUNK, line -> {})) {
            return push.push(file, "app.erofs");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"app", "app.erofs"})
    void whatWasPushedIsServedByNameAndTitle(String name) throws IOException {
        push(":v1");
        BlobSource source = resolve(resolver(":v1"), name);
        assertEquals(CHUNK, source.chunkSize());
        assertEquals(Sha256.of(image), source.identity());
        assertServes(source);
        assertTrue(registry.asked.stream().noneMatch(asked -> asked.endsWith("bytes=0-0")));
    }

    @Test
    void whatWasPushedIsServedByDigestsToo() throws IOException {
        OciReference pushed = push("");
        assertServes(resolve(resolver("@" + pushed.version()), "app"));
        assertServes(resolve(resolver(""), pushed.version()));
        assertServes(resolve(resolver(""), Sha256.of(image).substring("sha256:".length())));
    }

    @Test
    void aRepositoryServesItsTags() throws IOException {
        push(":v1");
        BlobResolver resolver = resolver("");
        assertServes(resolve(resolver, "v1"));
        assertThrows(NoSuchFileException.class, () -> resolve(resolver, "v2"));
        assertThrows(NoSuchFileException.class, () -> resolve(resolver, "no tag"));
        assertThrows(AccessDeniedException.class, () -> resolve(resolver, "../v1"));
    }

    @Test
    void aTagIsLookedUpOnce() throws IOException {
        push(":v1");
        BlobResolver resolver = resolver("");
        String before = resolve(resolver, "v1").identity();
        registry.addImage("v1", erofs(9000));
        assertEquals(before, resolve(resolver, "v1").identity());
    }

    @Test
    void aPushThatIsRepeatedSendsNothingTwice() throws IOException {
        OciReference first = push(":v1");
        registry.asked.clear();
        assertEquals(first, push(":v1"));
        assertEquals(
                List.of("PUT manifests/v1"),
                registry.asked.stream()
                        .filter(asked -> !asked.startsWith("HEAD"))
                        .toList());
    }

    @Test
    void onlyErofsIsPushed() throws IOException {
        Path file = Files.write(directory.resolve("text"), new byte[10_000]);
        try (var push = new ImagePush(settings(":v1"), CHUNK, line -> {})) {
            assertThrows(Refusal.class, () -> push.push(file, "text"));
        }
        assertTrue(registry.asked.isEmpty());
    }

    @Test
    void wrongBytesAreNotHandedOn() throws IOException {
        push(":v1");
        BlobSource source = resolve(resolver(":v1"), "app");
        assertReads(source, 0, CHUNK);
        registry.tamper = bytes -> {
            byte[] wrong = bytes.clone();
            wrong[3 * CHUNK + 5] ^= 1;
            return wrong;
        };
        assertReads(source, 0, 3 * CHUNK);
        assertThrows(WrongBytesException.class, () -> read(source, 3 * CHUNK, CHUNK));
        assertThrows(WrongBytesException.class, () -> read(source, 3 * CHUNK, 1));
        assertThrows(WrongBytesException.class, () -> read(source, 0, image.length));
        registry.tamper = bytes -> bytes;
        assertServes(source);
    }

    @Test
    void wrongChunkDigestsAreNotTrusted() throws IOException {
        push(":v1");
        BlobSource source = resolve(resolver(":v1"), "app");
        registry.tamper = bytes -> {
            byte[] wrong = bytes.clone();
            wrong[0] ^= 1;
            return wrong;
        };
        assertThrows(WrongBytesException.class, () -> read(source, 2 * CHUNK, CHUNK));
        registry.tamper = bytes -> bytes;
        assertServes(source);
    }

    @Test
    void aWrongManifestIsNotTrusted() throws IOException {
        String digest = push(":v1").version();
        registry.manifests.put(digest, "{\"layers\":[]}".getBytes(StandardCharsets.UTF_8));
        assertThrows(WrongBytesException.class, () -> resolve(resolver("@" + digest), "app"));
    }

    @Test
    void anImageWithoutChunkDigestsIsVerifiedAsAWhole() throws IOException {
        registry.addImage("v1", image);
        BlobSource source = resolve(resolver(":v1"), "app");
        registry.failWith = 503;
        assertThrows(TransientException.class, () -> read(source, 0, 10));
        registry.failWith = 0;
        registry.tamper = bytes -> {
            byte[] wrong = bytes.clone();
            wrong[40_000] ^= 1;
            return wrong;
        };
        assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
        registry.tamper = bytes -> bytes;
        assertServes(source);
        registry.tamper = bytes -> new byte[bytes.length];
        assertThrows(WrongBytesException.class, () -> read(source, 0, image.length));
    }

    @Test
    void withoutVerificationBytesAreServedAsTheyCome() throws IOException {
        registry.addImage("v1", image);
        BlobSource source = resolve(resolver(":v1", "verify", "false"), "app");
        registry.tamper = bytes -> new byte[bytes.length];
        assertArrayEquals(new byte[10], read(source, 0, 10));
    }

    @Test
    void whichOfSeveralLayersIsMeantMustBeSaid() throws IOException {
        registry.addImage("v1", erofs(9000), image);
        BlobResolver resolver = resolver(":v1");
        assertThrows(PermanentException.class, () -> resolve(resolver, "app"));
        assertServes(resolve(resolver, Sha256.of(image)));
    }

    @Test
    void ofAnIndexTheImageOfThisPlatformIsServed() throws IOException {
        String right = registry.addImage("right", image);
        String wrong = registry.addImage("wrong", erofs(9000));
        String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        registry.addManifest(
                "v1",
                Map.of(
                        "mediaType",
                        MediaTypes.INDEX,
                        "manifests",
                        List.of(
                                Map.of(
                                        "digest",
                                        wrong,
                                        "size",
                                        1,
                                        "platform",
                                        Map.of("os", "linux", "architecture", "x")),
                                Map.of(
                                        "digest",
                                        right,
                                        "size",
                                        1,
                                        "platform",
                                        Map.of("os", "linux", "architecture", machine)))));
        assertServes(resolve(resolver(":v1"), "app"));
    }

    @Test
    void aRegistryThatIsDownIsAFailureOfTheMoment() throws IOException {
        push(":v1");
        BlobResolver resolver = resolver(":v1");
        registry.failWith = 500;
        assertThrows(TransientException.class, () -> resolve(resolver, "app"));
        registry.failWith = 0;
        assertServes(resolve(resolver, "app"));
    }

    private void login(String json) throws IOException {
        Files.writeString(directory.resolve("config.json"), json);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void logsInWithThePasswordOfDocker() throws IOException {
        registry.wanted = "Basic " + base64("me:secret");
        registry.challenge = "Basic realm=\"r\"";
        login("{}");
        assertThrows(PermanentException.class, () -> push(":v1"));
        login("{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"" + base64("me:secret") + "\"}}}");
        push(":v1");
        assertServes(resolve(resolver(":v1"), "app"));
    }

    @Test
    void fetchesATokenWithThePasswordAndANewOneWhenItIsRefused() throws IOException {
        push(":v1");
        Path file = Files.writeString(directory.resolve("credentials"), "me:secret");
        registry.wantedForToken = "Basic " + base64("me:secret");
        registry.challenge = "Bearer realm=\"http://" + registry.host()
                + "/token\",service=\"a b\",scope=\"repository:images/app:pull\"";
        registry.wanted = "Bearer t1";
        BlobSource source = resolve(resolver(":v1", "credentials-file", file.toString()), "app");
        assertServes(source);
        assertTrue(registry.asked.contains("GET /token?service=a+b&scope=repository%3Aimages%2Fapp%3Apull "));
        registry.token = "t2";
        registry.wanted = "Bearer t2";
        assertServes(source);
        registry.wantedForToken = "nothing";
        registry.wanted = "Bearer t3";
        assertThrows(PermanentException.class, () -> read(source, 0, image.length));
    }

    @Test
    void aCommandForCredentialsIsRunAgainWhenTheyAreRefused() throws IOException {
        push(":v1");
        Path password = Files.writeString(directory.resolve("password"), "one");
        registry.challenge = "Basic realm=\"r\"";
        registry.wanted = "Basic " + base64("me:one");
        BlobSource source = resolve(resolver(":v1", "credentials-command", "echo me:$(cat " + password + ")"), "app");
        assertServes(source);
        registry.wanted = "Basic " + base64("me:two");
        var failure = assertThrows(PermanentException.class, () -> read(source, 0, image.length));
        assertFalse(failure.getMessage().contains("one"), failure.getMessage());
        Files.writeString(password, "two");
        assertServes(source);
    }

    @Test
    void aTokenIsFetchedWithoutAPasswordToo() throws IOException {
        push(":v1");
        registry.challenge = "Bearer realm=\"http://" + registry.host() + "/token\"";
        registry.wanted = "Bearer t1";
        assertServes(resolve(resolver(":v1"), "app"));
    }

    @Test
    void anIdentityTokenIsExchanged() throws IOException {
        push(":v1");
        login("{\"auths\":{\"" + registry.host() + "\":{\"identitytoken\":\"refresh\"}}}");
        registry.wantedForToken = "refresh_token=refresh";
        registry.challenge = "Bearer realm=\"http://" + registry.host() + "/token\",service=\"s\"";
        registry.wanted = "Bearer t1";
        assertServes(resolve(resolver(":v1"), "app"));
        assertTrue(registry.asked.stream().anyMatch(asked -> asked.startsWith("POST /token")));
    }

    @Test
    void tokensAreNotFetchedInPlainTextFromElsewhere() throws IOException {
        registry.challenge = "Bearer realm=\"http://example.org/token\"";
        registry.wanted = "Bearer t1";
        var failure = assertThrows(PermanentException.class, () -> resolve(resolver(":v1"), "app"));
        assertTrue(failure.getMessage().contains("plain text"), failure.getMessage());
    }

    @Test
    void aCredentialHelperThatIsMissingIsNamedAndNoSecretShown() throws IOException {
        login("{\"credHelpers\":{\"" + registry.host() + "\":\"no-such-helper\"}}");
        registry.wanted = "Basic x";
        registry.challenge = "Basic realm=\"r\"";
        var failure = assertThrows(PermanentException.class, () -> resolve(resolver(":v1"), "app"));
        assertTrue(failure.getMessage().contains("docker-credential-no-such-helper"), failure.getMessage());
        login("{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"secret\"}}}");
        failure = assertThrows(PermanentException.class, () -> resolve(resolver(":v1"), "app"));
        assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
    }

    @Test
    void challengesAreRead() {
        List<Challenge> challenges = Challenge.parse(List.of(
                "Basic realm=\"a, b\", Bearer realm=\"https://h/t\",service=s,scope=\"x:y \\\"z\\\"\"", "Negotiate"));
        assertEquals(
                List.of(
                        new Challenge("basic", Map.of("realm", "a, b")),
                        new Challenge("bearer", Map.of("realm", "https://h/t", "service", "s", "scope", "x:y \"z\"")),
                        new Challenge("negotiate", Map.of())),
                challenges);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "oci://h/a",
                "oci://h:5000/a/b-c.d__e:Tag.1",
                "oci://[::1]:5000/a:1",
                "oci://h/a@sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
            })
    void referencesAreRead(String text) {
        assertEquals(text, OciReference.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"oci://h", "oci://h/", "oci://h/A", "oci://h/a@sha256:12", "https://h/a", "oci://h/../a", "h/a"})
    void whatIsNoReferenceIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> OciReference.parse(text));
    }
}
