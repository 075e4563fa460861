// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FaultyProxy;
import dev.cachefiles.kerneltests.support.FaultyProxy.Fault;
import dev.cachefiles.kerneltests.support.Nginx;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import dev.cachefiles.kerneltests.support.TlsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images of a real web server: whatever happens to it, a reader gets the right bytes or EIO, and all is well when it is
 * well again. One daemon serves all tests, and was started when there was no web server yet.
 */
class WebServerTest {
    private static final int SAME = 0;
    private static final int UNREADABLE = 2;

    /** How much is read at each place in the large file, and after how much of it something happens. */
    private static final int PART = 800_000;

    private static final int MIDDLE = 250_000;

    /** From place to place: the largest fetch, 4 MiB, does not get from one to the next. */
    private static final long STEP = 5_400_000;

    /** Faults that last longer than the patience of who reads. */
    private static final Set<Fault> LASTING = EnumSet.of(
            Fault.UNAUTHORIZED,
            Fault.NOT_FOUND,
            Fault.TOO_MANY,
            Fault.ERROR,
            Fault.UNAVAILABLE,
            Fault.TRUNCATED,
            Fault.CUT,
            Fault.RESET,
            Fault.REFUSED,
            Fault.OTHER_ETAG,
            Fault.OTHER_RANGE,
            Fault.GIBBERISH);

    /** Those of them after which it is worth while to try again. */
    private static final Set<Fault> PASSING = EnumSet.of(
            Fault.TOO_MANY, Fault.ERROR, Fault.UNAVAILABLE, Fault.TRUNCATED, Fault.CUT, Fault.RESET, Fault.REFUSED);

    private static final String FILE = "file";

    private static final int PLACES = LASTING.size() + PASSING.size();

    @TempDir
    private static Path directory;

    private static Path images;
    private static Path tree;
    private static Path large;
    private static Path credentials;
    private static TlsFiles tls;
    private static FaultyProxy proxy;
    private static BlobServerProcess server;

    private Nginx nginx;

    private record Bytes(MemorySegment all) implements BlobSource {
        @Override
        public long size() {
            return all.byteSize();
        }

        @Override
        public void read(long offset, MemorySegment target) {
            MemorySegment.copy(all, offset, target, 0, target.byteSize());
        }
    }

    @BeforeAll
    static void serve() throws Exception {
        images = Files.createDirectory(directory.resolve("images"));
        tree = SourceTree.create(directory.resolve("tree"), 7);
        Path small = ErofsImage.make(images.resolve("small"), tree);
        Path parent = Files.createDirectory(directory.resolve("large"));
        large = SourceTree.write(parent.resolve(FILE), new Random(8), Math.toIntExact(PLACES * STEP));
        Path image = ErofsImage.make(images.resolve("large"), parent);
        Files.createLink(images.resolve("secure"), image);
        for (String name : new String[] {"stalled", "rangeless", "alone", "healed"}) {
            Files.createLink(images.resolve(name), small);
        }
        Path digests = Files.createDirectory(directory.resolve("digests"));
        ChunkDigests chunks = ChunkDigests.compute(
                DigestAlgorithm.SHA_256, 65536, new Bytes(MemorySegment.ofArray(Files.readAllBytes(small))));
        chunks.write(digests.resolve("alone.digests"));
        chunks.write(digests.resolve("healed.digests"));
        Files.createDirectory(images.resolve("store"));
        Shell.run(
                        "casync",
                        "make",
                        "--store=" + images.resolve("store/default.castr"),
                        images.resolve("store/chunked.caibx").toString(),
                        small.toString())
                .orThrow();
        credentials = Files.writeString(directory.resolve("credentials"), "me:wrong\n");
        tls = TlsFiles.create();
        proxy = new FaultyProxy(8081, Nginx.PLAIN_PORT);
        Path config = Files.writeString(directory.resolve("blob-server.yaml"), """
                cache: {directory: %1$s}
                server: {open-deadline: 150s, read-deadline: 150s}
                sources:
                  secure:
                    type: http
                    url: https://127.0.0.1:8443/images/
                    ca: %2$s
                    credentials-file: %3$s
                    timeout: 60s
                    names: [secure, missing]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                  faulty:
                    type: http
                    url: http://127.0.0.1:8081/images/
                    timeout: 60s
                    names: [large, rangeless]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                  stalling:
                    type: http
                    url: http://127.0.0.1:8081/images/
                    timeout: 4s
                    names: [stalled]
                    layers: {retry: {attempts: 1}}
                  checked:
                    type: http
                    url: http://127.0.0.1:8081/images/
                    timeout: 60s
                    names: [alone]
                    layers: {verify: {chunks: %4$s}}
                  near:
                    type: http
                    url: http://127.0.0.1:8081/images/
                    timeout: 60s
                    asked: false
                    layers: {verify: {chunks: %4$s}}
                  far:
                    type: http
                    url: http://127.0.0.1:8080/images/
                    timeout: 60s
                    asked: false
                    layers: {verify: {chunks: %4$s}}
                  mirrors: {type: mirrors, of: [near, far], names: [healed]}
                  chunked:
                    type: casync
                    url: http://127.0.0.1:8081/images/store/
                    timeout: 60s
                    names: [chunked]
                    layers: {retry: {attempts: 2, first-wait: 10ms}}
                """.formatted(
                        CacheDirectory.create(), tls.certificate(), credentials, digests));
        server = BlobServerProcess.run("serve", "--config", config.toString());
    }

    @AfterAll
    static void stop() throws Exception {
        proxy.close();
        assertEquals(0, server.terminate(), server.log());
    }

    @AfterEach
    void end() {
        proxy.set(Fault.NONE);
        if (nginx != null) {
            nginx.close();
        }
    }

    private void start() throws Exception {
        nginx = Nginx.start(images, tls, "");
    }

    /** Reads at a place in the large file: {@link #SAME}, 1 if there are other bytes, or {@link #UNREADABLE}. */
    private static Shell.Running read(ErofsMount mount, int place) {
        return Shell.start(
                "cmp",
                "--ignore-initial=" + place * STEP,
                "--bytes=" + PART,
                mount.file(FILE).toString(),
                large.toString());
    }

    private static void assertRead(int expected, ErofsMount mount, int place, Object what) throws Exception {
        Shell.Result result = read(mount, place).await();
        assertEquals(expected, result.status(), () -> what + ": " + result + "\n" + log());
        assertEquals(expected == UNREADABLE, result.errors().contains("Input/output error"), result.errors());
    }

    private static String log() {
        try {
            return server.log();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertMountFails(String name, String why) throws Exception {
        Path point = directory.resolve("refused");
        Shell.Result refused = BlobServerCommand.run("mount", name, point.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.errors().contains(why), refused.errors());
    }

    @Test
    void a_password_is_asked_for_again_and_a_server_may_come_late_be_slow_be_killed_and_change() throws Exception {
        assertMountFails("secure", "nothing listens there");
        start();
        assertMountFails("secure", "401");
        Files.writeString(credentials, "me:secret\n");
        assertMountFails("missing", "404");
        try (var mount = ErofsMount.mount("fsid=secure")) {
            assertRead(SAME, mount, 0, "all is well");
            assertTrue(nginx.accessLog().contains("HTTP/2.0\" 206"), nginx.accessLog());

            nginx.close();
            assertRead(UNREADABLE, mount, 1, "no server");
            nginx = Nginx.start(images, tls, "limit_rate 500k;");
            assertRead(SAME, mount, 1, "a slow server");
            int before = nginx.accessLog().length();
            Shell.Running reader = read(mount, 2);
            nginx.awaitRequest(before);
            nginx.close();
            int status = reader.await().status();
            assertTrue(status == SAME || status == UNREADABLE, status + "\n" + server.log());
            start();
            assertRead(SAME, mount, 2, "a server that was killed in the middle");

            nginx.setPassword("changed");
            assertRead(UNREADABLE, mount, 3, "another password");
            Files.writeString(credentials, "me:changed\n");
            assertRead(SAME, mount, 3, "another password, which is known");

            Path image = images.resolve("secure");
            FileTime time = Files.getLastModifiedTime(image);
            Files.setLastModifiedTime(image, FileTime.from(time.toInstant().minus(Duration.ofDays(1))));
            assertRead(UNREADABLE, mount, 4, "another version");
            server.awaitLine("was changed while it is served");
            Files.setLastModifiedTime(image, time);
            assertRead(SAME, mount, 4, "the former version");
        }
    }

    @Test
    void a_fault_that_lasts_gives_eio_and_is_forgotten_when_it_ends() throws Exception {
        start();
        int place = 0;
        try (var mount = ErofsMount.mount("fsid=large")) {
            for (Fault fault : LASTING) {
                proxy.setAfter(MIDDLE, fault);
                assertRead(UNREADABLE, mount, place, fault);
                proxy.set(Fault.NONE);
                assertRead(SAME, mount, place, fault);
                place++;
            }
            for (Fault fault : PASSING) {
                proxy.setOnce(fault);
                assertRead(SAME, mount, place, fault);
                place++;
            }
        }
    }

    @Test
    void a_server_that_falls_silent_in_the_middle_gives_eio() throws Exception {
        start();
        try (var mount = ErofsMount.mount("fsid=stalled")) {
            proxy.set(Fault.STALLED);
            Shell.Result result = Shell.run("cat", mount.file("file-1000003").toString());
            assertTrue(result.errors().contains("Input/output error"), result.errors());
            server.awaitLine("has sent nothing for 4000 ms");
            proxy.set(Fault.NONE);
            assertEquals(SourceTree.digests(tree), SourceTree.digests(mount.point()), server.log());
        }
    }

    @Test
    void a_server_that_knows_no_ranges_will_do() throws Exception {
        start();
        proxy.set(Fault.NO_RANGE);
        try (var mount = ErofsMount.mount("fsid=rangeless")) {
            assertEquals(SourceTree.digests(tree), SourceTree.digests(mount.point()), server.log());
        }
    }

    @Test
    void wrong_bytes_are_refused_by_their_digests_and_a_mirror_is_asked() throws Exception {
        start();
        try (var alone = ErofsMount.mount("fsid=alone");
                var healed = ErofsMount.mount("fsid=healed")) {
            proxy.set(Fault.WRONG_BYTES);
            Shell.Result refused = Shell.run("cat", alone.file("file-1000003").toString());
            assertTrue(refused.errors().contains("Input/output error"), refused.errors());
            assertEquals(SourceTree.digests(tree), SourceTree.digests(healed.point()), server.log());
            proxy.set(Fault.NONE);
            assertEquals(SourceTree.digests(tree), SourceTree.digests(alone.point()), server.log());
        }
    }

    @Test
    void chunks_of_a_store_on_a_web_server_are_right_or_not_there() throws Exception {
        start();
        try (var mount = ErofsMount.mount("fsid=chunked")) {
            var faults = EnumSet.copyOf(LASTING);
            faults.removeAll(EnumSet.of(Fault.OTHER_ETAG, Fault.OTHER_RANGE)); // chunks are known by their names
            faults.add(Fault.WRONG_BYTES);
            for (Fault fault : faults) {
                proxy.set(fault);
                Shell.Result result =
                        Shell.run("cat", mount.file("file-1000003").toString());
                assertTrue(result.errors().contains("Input/output error"), fault + "\n" + server.log());
            }
            proxy.set(Fault.NONE);
            assertEquals(SourceTree.digests(tree), SourceTree.digests(mount.point()), server.log());
        }
    }
}
