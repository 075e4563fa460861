// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What stays when mounts and daemons go. */
class PersistenceTest extends DaemonTest {
    private final TestBlob blob = new TestBlob(100_000);

    private static int length(TestBlob blob) {
        return blob.bytes.length;
    }

    @Test
    void whatIsCachedNeedsNoReadAfterARemount() throws Exception {
        start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, 50_000);
        assertFalse(kernel.disk().holds(VolumeKey.of("erofs,a"), CookieKey.of("a")), "linked at the end only");
        mount.unmount();
        mount = kernel.mount("a");
        assertTrue(kernel.disk().holds(VolumeKey.of("erofs,a"), CookieKey.of("a")));
        long reads = kernel.counters().reads();
        assertArrayEquals(blob.range(0, 50_000), mount.read(0, 50_000));
        assertEquals(reads, kernel.counters().reads());
        assertArrayEquals(blob.bytes, mount.read(0, length(blob)));
        assertEquals(2, kernel.counters().opens());
    }

    @Test
    void whatIsCachedOutlivesTheDaemon() throws Exception {
        Daemon first = start(blob);
        FakeMount stale = kernel.mount("a");
        stale.read(0, 50_000);
        first.close();
        start(blob);
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> stale.read(0, 1)).errno(),
                "an old mount never attaches to the new cache");
        assertEquals(
                Errno.EBUSY,
                assertThrows(CachefilesException.class, () -> kernel.mount("a")).errno());
        stale.unmount();
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.range(0, 50_000), mount.read(0, 50_000));
        assertEquals(1, kernel.counters().reads());
    }

    @Test
    void aStaleMountOfADomainKeepsNewOnesOut() throws Exception {
        Daemon first = start(blob);
        FakeMount stale = kernel.mount("d", "a");
        first.close();
        start(blob);
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> kernel.mount("d", "b"))
                        .errno());
        stale.unmount();
        kernel.mount("d", "b");
    }

    @Test
    void anotherSizeDropsWhatIsCached() throws Exception {
        var changing = new TestBlob(100_000) {
            private volatile long size = 100_000;

            @Override
            public long open(OpenRequest request) {
                return size;
            }
        };
        start(changing);
        FakeMount mount = kernel.mount("a");
        mount.read(0, 4096);
        mount.unmount();
        changing.size = 99_999;
        mount = kernel.mount("a");
        mount.read(0, 4096);
        assertEquals(2, kernel.counters().reads());
        mount.unmount();
        mount = kernel.mount("a");
        mount.read(0, 4096);
        assertEquals(2, kernel.counters().reads(), "the new file was stored");
    }

    @Test
    void whatIsBeyondATooSmallSizeIsCutAtTheNextMount() throws Exception {
        start(new TestBlob(100_000) {
            @Override
            public long open(OpenRequest request) {
                return 5000;
            }

            @Override
            public void read(ReadRequest request) throws IOException {
                request.fd().write(RawDaemon.memory(request.length(), 1), request.offset());
            }
        });
        FakeMount mount = kernel.mount("a");
        mount.read(0, 20_000);
        mount.unmount();
        mount = kernel.mount("a");
        mount.read(0, 8192);
        assertEquals(1, kernel.counters().reads());
        assertEquals(1, mount.read(8192, 10)[9]);
        assertEquals(2, kernel.counters().reads());
    }

    @Test
    void aRefusedOpenLeavesNoFile() throws Exception {
        start(new TestBlob(1) {
            @Override
            public long open(OpenRequest request) throws IOException {
                throw new IOException("no");
            }
        });
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        assertFalse(kernel.disk().holds(VolumeKey.of("erofs,a"), CookieKey.of("a")));
    }

    @Test
    void anFdThatIsLeftOpenKeepsTheDeviceBusyAndItsFileReadable() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mounting = kernel.mountAsync("a");
        AnonFile file = daemon.accept(8192).file();
        FakeMount mount = mounting.get();
        while (file.pwrite(RawDaemon.memory(4096, 1), 0) < 0) {
            Thread.onSpinWait();
        }
        daemon.device.close();
        assertTrue(kernel.isDeviceBusy());
        assertEquals(
                Errno.EBUSY,
                assertThrows(CachefilesException.class, () -> new RawDaemon(kernel))
                        .errno());
        assertEquals("ok", RawDaemon.symbol(file.size()));
        assertEquals("ok", RawDaemon.symbol(file.pwrite(RawDaemon.memory(4096, 1), 0)));
        assertEquals(1, mount.read(0, 1)[0]);
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(4096, 1))
                        .errno());
        file.close();
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> mount.read(0, 1)).errno());
        mount.unmount();
        start(blob);
    }

    @Test
    void aCacheThatFailedCanBeBoundAgain() throws Exception {
        start(blob).close();
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.disk().fail();
        assertEquals("EIO", daemon.command("debug 0"));
        daemon.device.close();
        start(blob);
        kernel.mount("a").read(0, 10);
    }

    /** A file system with blocks of 1 KiB can have a page in part, and then the kernel asks for the rest of it only. */
    @Test
    void aReadOfPartOfABlockIsServedAsTheWholeBlock() throws Exception {
        kernel = FakeKernel.builder().blockSize(1024).attachDelay(0).build();
        var other = new RawDaemon(kernel);
        other.commandTaken("dir /var/cache/images");
        other.commandTaken("bind ondemand");
        var mounting = kernel.mountAsync("a");
        RawDaemon.Opened opened = other.accept(length(blob));
        FakeMount first = mounting.get();
        MemorySegment quarter = RawDaemon.memory(1024, 0);
        quarter.copyFrom(MemorySegment.ofArray(blob.range(0, 1024)));
        assertEquals(1024, opened.file().pwrite(quarter, 0));
        first.unmount();
        other.next(Message.Close.class);
        opened.file().close();
        other.device.close();

        List<Long> offsets = new CopyOnWriteArrayList<>();
        start(new TestBlob(length(blob)) {
            @Override
            public void read(ReadRequest request) throws IOException {
                offsets.add(request.offset());
                super.read(request);
            }
        });
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.range(0, 8192), mount.read(0, 8192));
        assertEquals(0, offsets.getFirst(), "the start of the block that is there in part");
    }
}
