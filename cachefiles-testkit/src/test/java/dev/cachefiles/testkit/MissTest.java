// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Which READs the kernel sends for what a reader wants and what the daemon has written. */
class MissTest extends DaemonTest {
    private static final int KIB = 1024;

    private final TestBlob blob = new TestBlob(1000 * KIB);
    private final List<String> ranges = new CopyOnWriteArrayList<>();

    /** How a test answers a READ. */
    private interface Answer {
        void to(ReadRequest request) throws IOException;
    }

    private FakeMount mount(Answer answer) throws IOException {
        start(new TestBlob(1000 * KIB) {
            @Override
            public void read(ReadRequest request) throws IOException {
                ranges.add(request.offset() / KIB + "+" + request.length() / KIB);
                answer.to(request);
            }
        });
        return kernel.mount("a.img");
    }

    private FakeMount mount() throws IOException {
        return mount(request -> blob.put(request, request.offset(), request.length()));
    }

    @Test
    void aReadIsWidenedToPages() throws Exception {
        FakeMount mount = mount();
        assertArrayEquals(blob.range(5 * KIB, 10), mount.read(5 * KIB, 10));
        assertArrayEquals(blob.range(8 * KIB - 1, 2), mount.read(8 * KIB - 1, 2));
        assertEquals(List.of("4+4", "8+4"), ranges);
    }

    @Test
    void aLongReadIsAskedForInPartsOfTheReadAhead() throws Exception {
        mount().read(0, 300 * KIB);
        assertEquals(List.of("0+128", "128+128", "256+44"), ranges);
    }

    @Test
    void whoReadsOnGetsReadAhead() throws Exception {
        FakeMount mount = mount();
        mount.read(0, 4 * KIB);
        mount.read(4 * KIB, 4 * KIB);
        mount.read(8 * KIB, 4 * KIB);
        assertEquals(List.of("0+4", "4+128"), ranges);
    }

    @Test
    void readAheadEndsWithTheBlob() throws Exception {
        FakeMount mount = mount();
        mount.read(992 * KIB, 4 * KIB);
        mount.read(996 * KIB, 1 * KIB);
        assertEquals(List.of("992+4", "996+4"), ranges);
    }

    @Test
    void aReadOfNothingAsksForNothing() throws Exception {
        assertEquals(0, mount().read(5, 0).length);
        assertEquals(List.of(), ranges);
    }

    @Test
    void whatIsCachedInTheMiddleIsNotAskedFor() throws Exception {
        FakeMount mount = mount();
        mount.read(16 * KIB, 4 * KIB);
        mount.read(64 * KIB, 4 * KIB);
        ranges.clear();
        assertArrayEquals(blob.range(0, 100 * KIB), mount.read(0, 100 * KIB));
        assertEquals(List.of("0+16", "20+44", "68+32"), ranges);
    }

    @Test
    void withoutDataTheLastPageIsAskedForOnceMoreAndThenTheReaderFails() throws Exception {
        FakeMount mount = mount(request -> {});
        var thrown = assertThrows(CachefilesException.class, () -> mount.read(0, 64 * KIB));
        assertEquals(Errno.EIO, thrown.errno());
        assertEquals(List.of("0+64", "0+4"), ranges);
    }

    @Test
    void dataInTheSecondTryIsEnough() throws Exception {
        FakeMount mount = mount(request -> {
            if (ranges.size() > 1) {
                blob.put(request, request.offset(), request.length());
            }
        });
        assertArrayEquals(blob.range(0, 8 * KIB), mount.read(0, 8 * KIB));
        assertEquals(List.of("0+8", "0+4", "4+4"), ranges);
    }

    @Test
    void aFailureIsForgotten() throws Exception {
        FakeMount mount = mount(request -> {
            if (ranges.size() > 2) {
                blob.put(request, request.offset(), request.length());
            }
        });
        assertThrows(CachefilesException.class, () -> mount.read(0, 8 * KIB));
        assertArrayEquals(blob.range(0, 8 * KIB), mount.read(0, 8 * KIB));
    }

    @Test
    void theFirstHalfOfEachRangeIsProgress() throws Exception {
        FakeMount mount =
                mount(request -> blob.put(request, request.offset(), Math.max(4 * KIB, request.length() / 2)));
        assertArrayEquals(blob.range(0, 32 * KIB), mount.read(0, 32 * KIB));
        assertEquals(List.of("0+32", "16+16", "24+8", "28+4"), ranges);
    }

    @Test
    void theSecondHalfOfARangeIsAFailure() throws Exception {
        FakeMount mount = mount(request -> {
            if (request.length() > 4 * KIB) {
                blob.put(request, request.offset() + request.length() / 2, request.length() / 2);
            }
        });
        assertThrows(CachefilesException.class, () -> mount.read(0, 32 * KIB));
        assertEquals(List.of("0+32", "0+4"), ranges);
    }

    @Test
    void moreThanAskedSavesReads() throws Exception {
        FakeMount mount = mount(request -> blob.put(request, request.offset(), 512 * KIB));
        assertArrayEquals(blob.range(0, 400 * KIB), mount.read(0, 400 * KIB));
        assertEquals(List.of("0+128"), ranges);
    }

    @Test
    void aReadBeyondTheSizeIsAskedForLikeAnyOther() throws Exception {
        FakeMount mount = mount(request -> request.fd().write(RawDaemon.memory(4 * KIB, 7), request.offset()));
        assertEquals(7, mount.read(2000 * KIB, 1)[0]);
        assertEquals(List.of("2000+4"), ranges);
    }

    @Test
    void eachWaitingReaderHasAReadOfItsOwn() throws Exception {
        var daemon = RawDaemon.bound(kernel);
        var mounting = kernel.mountAsync("a.img");
        var file = daemon.accept(4 * KIB).file();
        FakeMount mount = mounting.get();
        var readers = List.of(mount.readAsync(0, 1), mount.readAsync(0, 1), mount.readAsync(0, 1));
        var ids = new CopyOnWriteArrayList<Integer>();
        for (int i = 0; i < 3; i++) {
            ids.add(daemon.next(Message.Read.class).messageId());
        }
        assertThrows(CachefilesException.class, mount::unmount, "EBUSY while they read");
        file.pwrite(RawDaemon.memory(4 * KIB, 1), 0);
        ids.reversed().forEach(id -> assertEquals(0, file.completeRead(id)));
        for (var reader : readers) {
            assertEquals(1, reader.get()[0]);
        }
        mount.unmount();
        daemon.next(Message.Close.class);
        file.close();
        daemon.device.close();
    }

    @Test
    void aReaderMustNameABlobAndARange() throws Exception {
        FakeMount mount = mount();
        assertThrows(IllegalArgumentException.class, () -> mount.read("other", 0, 1));
        assertThrows(IllegalArgumentException.class, () -> mount.read(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> mount.read(0, -1));
        mount.unmount();
        assertThrows(IOException.class, () -> mount.read(0, 1));
        assertEquals(
                Errno.EINVAL,
                assertThrows(CachefilesException.class, mount::unmount).errno());
        mount.close();
    }
}
