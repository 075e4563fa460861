// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writing into a cache object, before a READ and for one. */
class WritingTest extends DaemonTest {
    private static final int SIZE = 50_000;

    private final BlockingQueue<CacheObject> opened = new LinkedBlockingQueue<>();

    private final TestBlob blob = new TestBlob(SIZE) {
        @Override
        public void opened(CacheObject object) {
            opened.add(object);
        }
    };

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 50})
    void aWriteAheadWaitsUntilTheFileIsAttached(int attachDelay) throws Exception {
        kernel = FakeKernel.builder().attachDelay(attachDelay).build();
        start(new TestBlob(SIZE) {
            @Override
            public void opened(CacheObject object) throws IOException {
                object.fd().write(MemorySegment.ofArray(bytes), 0);
                WritingTest.this.opened.add(object);
            }
        });
        FakeMount mount = kernel.mount("a");
        opened.take();
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        assertEquals(0, kernel.counters().reads());
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 100, 5000})
    void aWriteBeforeTheOpenIsAnsweredIsRefused(int length) throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                request.object().fd().write(MemorySegment.ofArray(bytes).asSlice(0, length), 0);
                return SIZE;
            }
        });
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        daemon.close();
        assertEquals(Errno.ENOBUFS, ((CachefilesException) daemon.openFailures.getFirst()).errno());
    }

    @Test
    void theBlockWithTheEndIsPaddedWithZeros() throws Exception {
        start(blob);
        FakeMount mount = kernel.mount("a");
        byte[] expected = Arrays.copyOf(blob.bytes, 53_248);
        assertArrayEquals(expected, mount.read(0, 53_248));
        assertEquals(1, kernel.counters().reads());
        assertEquals(53_248, kernel.counters().bytesWritten());
    }

    @Test
    void aWriteOfPartOfABlockStaysInvisibleUntilTheBlockIsWhole() throws Exception {
        start(blob);
        kernel.mount("a");
        CacheObject object = opened.take();
        MemorySegment bytes = MemorySegment.ofArray(blob.bytes);
        object.fd().write(bytes.asSlice(0, 4000), 0);
        assertFalse(object.fd().isFilled(0, 100));
        assertEquals(0, kernel.counters().bytesWritten());
        object.fd().write(bytes.asSlice(4000, 200), 4000);
        assertTrue(object.fd().isFilled(0, 4096));
        assertFalse(object.fd().isFilled(0, 4097));
        assertEquals(4096, kernel.counters().bytesWritten());
    }

    @Test
    void aBufferIsWrittenFromItsPositionAndUsedUp() throws Exception {
        start(blob);
        FakeMount mount = kernel.mount("a");
        CacheObject object = opened.take();
        ByteBuffer buffer = ByteBuffer.wrap(blob.bytes).position(4096).limit(12_288);
        object.fd().write(buffer, 4096);
        assertEquals(12_288, buffer.position());
        assertArrayEquals(blob.range(4096, 8192), mount.read(4096, 8192));
        assertEquals(0, kernel.counters().reads());
        object.fd().write(ByteBuffer.wrap(blob.bytes, 0, 4096).asReadOnlyBuffer(), 0);
        assertTrue(object.fd().isFilled(0, 12_288));
    }

    @Test
    void theMapOfTheFileCanBeAsked() throws Exception {
        kernel = FakeKernel.builder().attachDelay(0).build();
        start(blob);
        kernel.mount("a");
        CacheObject object = opened.take();
        assertEquals(53_248, object.fd().fileSize());
        assertEquals(OptionalLong.empty(), object.fd().nextData(0));
        object.fd().write(MemorySegment.ofArray(blob.bytes).asSlice(8192, 4096), 8192);
        assertEquals(OptionalLong.of(8192), object.fd().nextData(0));
        assertEquals(OptionalLong.of(0), object.fd().nextHole(0));
        assertEquals(OptionalLong.of(12_288), object.fd().nextHole(8192));
        assertEquals(OptionalLong.empty(), object.fd().nextHole(53_248));
    }

    @Test
    void anFdThatWasClosedTakesNothing() throws Exception {
        start(blob);
        FakeMount mount = kernel.mount("a");
        CacheObject object = opened.take();
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertFalse(object.fd().isOpen());
        assertThrows(ClosedChannelException.class, () -> object.fd().write(MemorySegment.ofArray(new byte[1]), 0));
        assertThrows(ClosedChannelException.class, () -> object.fd().isFilled(0, 1));
        assertThrows(ClosedChannelException.class, () -> object.fd().nextData(0));
        assertThrows(ClosedChannelException.class, () -> object.fd().fileSize());
    }

    @Test
    void tooManyBlocksWithGapsAreRefused() throws Exception {
        start(new TestBlob(1) {
            @Override
            public long open(OpenRequest request) {
                return 1L << 30;
            }

            @Override
            public void opened(CacheObject object) {
                WritingTest.this.opened.add(object);
            }
        });
        kernel.mount("a");
        CacheObject object = opened.take();
        MemorySegment one = MemorySegment.ofArray(new byte[1]);
        for (long block = 0; block < 1024; block++) {
            object.fd().write(one, block * 4096);
        }
        var thrown = assertThrows(IOException.class, () -> object.fd().write(one, 1024 * 4096));
        assertTrue(thrown.getMessage().contains("written in part"));
    }

    @Test
    void aRangeOutsideOfNumbersIsRefused() throws Exception {
        start(blob);
        kernel.mount("a");
        CacheObject object = opened.take();
        MemorySegment two = MemorySegment.ofArray(new byte[2]);
        assertThrows(IllegalArgumentException.class, () -> object.fd().write(two, -1));
        assertThrows(IllegalArgumentException.class, () -> object.fd().fill(0, -1, (target, position) -> {}));
        assertThrows(IllegalArgumentException.class, () -> object.fd().isFilled(-1, 1));
    }

    @Test
    void fillAsksForWholeBlocksInOrderUpToTheEnd() throws Exception {
        var asked = new StringBuilder();
        start(new TestBlob(600_000) {
            @Override
            public void read(ReadRequest request) throws IOException {
                request.fd().fill(request.offset() + 1, 590_000, (target, position) -> {
                    asked.append(' ').append(position).append('+').append(target.byteSize());
                    target.copyFrom(MemorySegment.ofArray(bytes).asSlice(position, target.byteSize()));
                });
            }
        });
        assertArrayEquals(
                new TestBlob(600_000).range(16_384, 500_000), kernel.mount("a").read(16_384, 500_000));
        assertEquals(" 16384+262144 278528+262144 540672+59328", asked.toString());
        assertEquals(1, kernel.counters().reads());
    }

    @Test
    void fillKeepsWhatItHadWhenItsReaderFails() throws Exception {
        Daemon daemon = start(new TestBlob(600_000) {
            @Override
            public void read(ReadRequest request) throws IOException {
                request.fd().fill(0, 600_000, (target, position) -> {
                    if (position > 0) {
                        throw new IOException("gone");
                    }
                    target.copyFrom(MemorySegment.ofArray(bytes).asSlice(position, target.byteSize()));
                });
            }
        });
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(new TestBlob(600_000).range(0, 100), mount.read(0, 100));
        assertArrayEquals(new TestBlob(600_000).range(262_000, 100), mount.read(262_000, 100));
        assertThrows(CachefilesException.class, () -> mount.read(262_144, 1));
        daemon.close();
        assertEquals("gone", daemon.readFailures.getFirst().getMessage());
    }

    @Test
    void anInterruptEndsTheWaitForTheFile() throws Exception {
        kernel = FakeKernel.builder().attachDelay(Integer.MAX_VALUE).build();
        start(blob);
        kernel.mount("a");
        CacheObject object = opened.take();
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> object.fd().write(MemorySegment.ofArray(blob.bytes), 0));
        assertTrue(Thread.interrupted());
    }
}
