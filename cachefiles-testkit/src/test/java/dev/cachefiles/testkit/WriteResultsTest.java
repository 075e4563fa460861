// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a write does with each answer of the kernel. */
class WriteResultsTest extends DaemonTest {
    private static final int SIZE = 40_960;

    private final TestBlob blob = new TestBlob(SIZE);

    @ParameterizedTest
    @ValueSource(ints = {4096, 8192 + 512, 36_864})
    void a_short_write_goes_on_with_the_first_block_that_is_not_whole(int written) throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults().onWrite(1).shorten(written);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        daemon.close();
        assertEquals(List.of(), daemon.readFailures);
        assertEquals(1, daemon.reads.size());
        assertEquals(2, kernel.counters().writes());
        assertEquals(0, kernel.counters().misalignedWrites());
    }

    @Test
    void no_piece_of_a_block_is_written_at_the_limit_of_file_sizes() throws Exception {
        kernel.process().limitFileSize(8192 + 512);
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(Arrays.copyOf(blob.bytes, 8192), mount.read(0, 8192));
        for (int round = 0; round < 2; round++) {
            var thrown = assertThrows(CachefilesException.class, () -> mount.read(8192, 4096));
            assertEquals(Errno.EIO, thrown.errno(), "zeros that nobody wrote, else");
        }
        daemon.close();
        assertEquals(Errno.EFBIG, ((CachefilesException) daemon.readFailures.getLast()).errno());
    }

    @ParameterizedTest
    @ValueSource(longs = {512, 4096, 8192 + 512, 40_448})
    void a_limit_of_file_sizes_that_somebody_has_lowered_is_raised_again(long limit) throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.process().limitFileSize(limit, Long.MAX_VALUE);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        daemon.close();
        assertEquals(List.of(), daemon.readFailures);
    }

    @Test
    void a_write_of_nothing_is_an_error() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults().onWrite(1).shorten(0);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE), "the kernel has tried once more");
        daemon.close();
        assertEquals(1, daemon.readFailures.size());
        String message = daemon.readFailures.getFirst().getMessage();
        assertTrue(message.endsWith("the kernel wrote 0 bytes and no error"), message);
    }

    @Test
    void a_write_that_a_signal_has_ended_is_made_again() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults().onWrite(1).fail(Errno.EINTR);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        daemon.close();
        assertEquals(List.of(), daemon.readFailures);
    }

    @Test
    void for_a_read_enobufs_is_an_error_at_once() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults().onWrite(1).fail(Errno.ENOBUFS);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE), "the kernel has tried once more");
        daemon.close();
        assertEquals(1, daemon.readFailures.size());
        assertEquals(Errno.ENOBUFS, ((CachefilesException) daemon.readFailures.getFirst()).errno());
    }

    @Test
    void a_write_ahead_does_not_wait_for_ever_for_its_file() throws Exception {
        kernel = FakeKernel.builder().attachDelay(Integer.MAX_VALUE).build();
        var outcome = new CompletableFuture<IOException>();
        start(new TestBlob(SIZE) {
            @Override
            public void opened(CacheObject object) {
                outcome.complete(assertThrows(
                        CachefilesException.class, () -> object.fd().write(MemorySegment.ofArray(bytes), 0)));
            }

            @Override
            public void read(ReadRequest request) throws IOException {
                throw new IOException("not asked for");
            }
        });
        kernel.mount("a");
        assertEquals(Errno.ENOBUFS, ((CachefilesException) outcome.get(30, TimeUnit.SECONDS)).errno());
    }

    @Test
    void pieces_of_blocks_that_are_there_are_not_kept() throws Exception {
        int blocks = 1500; // more than may be written in part at the same time
        kernel = FakeKernel.builder().readAhead(blocks * 4096).build();
        var written = new CompletableFuture<CacheObject>();
        var blob = new TestBlob(blocks * 4096) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                written.complete(request.object());
            }
        };
        start(blob);
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        for (long at = 0; at < blob.bytes.length; at += 4096) {
            written.get().fd().write(MemorySegment.ofArray(blob.bytes).asSlice(at, 1), at);
        }
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
    }
}
