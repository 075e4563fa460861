// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which mounts there can be, and what they share. */
class MountTest extends DaemonTest {
    private final TestBlob blob = new TestBlob(10_000);

    private Errno failure(MountSpec spec) {
        return assertThrows(CachefilesException.class, () -> kernel.mount(spec)).errno();
    }

    @Test
    void anFsidIsMountedOnceWithoutADomain() throws Exception {
        start(blob);
        kernel.mount("a");
        assertEquals(Errno.EBUSY, failure(MountSpec.of("a")));
        kernel.mount("b");
    }

    @Test
    void anFsidIsMountedOnceInADomain() throws Exception {
        start(blob);
        kernel.mount("d", "a");
        assertEquals(Errno.EEXIST, failure(MountSpec.of("a").domain("d")));
        kernel.mount("e", "a");
    }

    @Test
    void mountsOfADomainShareBlobsUntilTheLastHasGone() throws Exception {
        start(blob);
        FakeMount first = kernel.mount("d", "a", "layer");
        FakeMount second = kernel.mount("d", "b", "layer");
        assertEquals(3, kernel.counters().opens());
        first.read("layer", 0, 10_000);
        assertArrayEquals(blob.bytes, second.read("layer", 0, 10_000));
        assertEquals(1, kernel.counters().reads());
        first.unmount();
        kernel.awaitAllAnswered();
        assertEquals(1, kernel.counters().closes(), "that of a");
        second.unmount();
        kernel.awaitAllAnswered();
        assertEquals(3, kernel.counters().closes());
    }

    @Test
    void mountsWithoutADomainShareNothing() throws Exception {
        start(blob);
        kernel.mount(MountSpec.of("a").device("layer")).read("layer", 0, 1);
        kernel.mount(MountSpec.of("b").device("layer")).read("layer", 0, 1);
        assertEquals(4, kernel.counters().opens());
        assertEquals(2, kernel.counters().reads());
    }

    @Test
    void aBlobThatIsNamedTwiceIsOpenedOnce() throws Exception {
        start(blob);
        kernel.mount(MountSpec.of("a").device("layer").device("layer")).unmount();
        assertEquals(2, kernel.counters().opens());
    }

    @ParameterizedTest(name = "fsid of {0} bytes in domain \"{1}\": {2}")
    @CsvSource({
        "0,   '', EINVAL",
        "248, '', ok",
        "249, '', ENOBUFS",
        "250, '', ENOMEM",
        "252, d,  ok",
        "256, d,  EINVAL",
    })
    void namesHaveTheirLengths(int length, String domain, String answer) throws IOException {
        start(blob);
        MountSpec spec = MountSpec.of("x".repeat(length));
        MountSpec whole = domain.isEmpty() ? spec : spec.domain(domain);
        if (answer.equals("ok")) {
            kernel.mount(whole);
        } else {
            assertEquals(answer, failure(whole).symbol());
        }
    }

    @Test
    void aNameThatStopsAKernelIsRefusedByTheFake() throws IOException {
        start(blob);
        var thrown = assertThrows(
                IllegalArgumentException.class,
                () -> kernel.mount(MountSpec.of("x".repeat(253)).domain("d")));
        assertTrue(thrown.getMessage().contains("BUG"));
    }

    @Test
    void aVolumeNameWithASlashIsRefusedButABlobMayHaveOne() throws IOException {
        start(blob);
        assertEquals(Errno.ENOBUFS, failure(MountSpec.of("a/b")));
        kernel.mount("d", "a/b");
    }

    @Test
    void keysArriveByteForByte() throws IOException {
        var keys = new CopyOnWriteArrayList<CookieKey>();
        start(new TestBlob(1) {
            @Override
            public long open(OpenRequest request) {
                keys.add(request.cookie());
                return 1;
            }
        });
        CookieKey odd = CookieKey.of(new byte[] {(byte) 0xff, 1, '/', '.', '.', 0x7f});
        kernel.mount(MountSpec.of("ü b").domain("d").device(odd));
        assertEquals(List.of(CookieKey.of("ü b"), odd), keys);
    }

    @Test
    void aRefusedOpenFailsTheMountAndTheNextMountAsksAgain() throws IOException {
        start(new TestBlob(1) {
            private int opens;

            @Override
            public long open(OpenRequest request) throws IOException {
                if (opens++ == 0) {
                    throw new NoSuchFileException("a");
                }
                return 1;
            }
        });
        assertEquals(Errno.ENOBUFS, failure(MountSpec.of("a")));
        kernel.mount("a");
        assertTrue(kernel.commands().contains("copen 0,-2"));
    }

    @Test
    void aMountWhoseDeviceIsRefusedClosesItsPrimary() throws IOException {
        start(new TestBlob(1) {
            @Override
            public long open(OpenRequest request) throws IOException {
                if (request.cookie().toString().equals("missing")) {
                    throw new NoSuchFileException("missing");
                }
                return 1;
            }
        });
        assertEquals(Errno.ENOBUFS, failure(MountSpec.of("a").device("missing")));
        kernel.awaitOpenFds(0);
        assertEquals(1, kernel.counters().closes());
        kernel.mount("a");
    }

    @Test
    void withoutACacheNothingCanBeMounted() throws IOException {
        assertEquals(Errno.ENOBUFS, failure(MountSpec.of("a")));
        start(blob).close();
        assertEquals(Errno.ENOBUFS, failure(MountSpec.of("a")));
    }

    @Test
    void aCacheInClassicModeFailsTheMountWithoutAMessage() throws IOException {
        var daemon = new RawDaemon(kernel);
        daemon.commandTaken("dir /cache");
        daemon.commandTaken("bind");
        assertEquals(Errno.EIO, failure(MountSpec.of("a")));
        assertEquals(0, kernel.counters().opens());
        daemon.device.close();
    }

    @Test
    void theSecondDaemonIsToldWhoHasTheDevice() throws IOException {
        start(blob);
        var thrown = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(Daemon.OPTIONS, kernel));
        assertEquals(Errno.EBUSY, thrown.errno());
        assertTrue(thrown.getMessage().startsWith("/dev/cachefiles: EBUSY (16): another process holds the device"));
    }
}
