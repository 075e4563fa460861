// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who drives a channel may answer from any thread. */
class AnswerRaceTest {
    private static final int READS = 200;
    private static final int BLOCK = 4096;

    @Test
    void of_two_who_answer_one_read_exactly_one_does() throws Exception {
        FakeKernel kernel = FakeKernel.builder().readAhead(BLOCK).build();
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel);
                var rival = Executors.newSingleThreadExecutor()) {
            FakeMount mount = mounted(kernel, channel, (long) READS * BLOCK);
            var readers = new ArrayList<CompletableFuture<byte[]>>();
            var requests = new ArrayList<ReadRequest>();
            byte[] data = new TestBlob(BLOCK).bytes;
            for (int i = 0; i < READS; i++) {
                readers.add(mount.readAsync((long) i * BLOCK, BLOCK));
                requests.add((ReadRequest) channel.take());
                requests.getLast()
                        .fd()
                        .write(MemorySegment.ofArray(data), requests.getLast().offset());
            }
            var arrived = new AtomicInteger();
            Future<BitSet> other = rival.submit(() -> answer(requests, arrived));
            BitSet mine = answer(requests, arrived);
            BitSet theirs = other.get();
            assertFalse(mine.intersects(theirs), "answered twice");
            mine.or(theirs);
            assertEquals(READS, mine.cardinality());
            for (CompletableFuture<byte[]> reader : readers) {
                assertArrayEquals(data, reader.get());
            }
            mount.unmount();
            ((CloseRequest) channel.take()).complete();
        }
        assertEquals(0, kernel.counters().refusedAnswers());
        KernelAssert.assertThat(kernel).isClean();
    }

    /** Answers each request when both have come to it; gives those that were answered here. */
    private static BitSet answer(List<ReadRequest> requests, AtomicInteger arrived) {
        var answered = new BitSet();
        for (int i = 0; i < requests.size(); i++) {
            arrived.incrementAndGet();
            while (arrived.get() < 2 * (i + 1)) {
                if (Thread.interrupted()) {
                    throw new CancellationException("the other has not come");
                }
            }
            try {
                answered.set(i, requests.get(i).complete());
            } catch (IllegalStateException e) {
                answered.clear(i); // the other was first
            }
        }
        return answered;
    }

    @Test
    void a_range_is_looked_at_before_its_fd_closes() throws Exception {
        FakeKernel kernel = FakeKernel.create();
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel)) {
            FakeMount mount = mounted(kernel, channel, 2 * BLOCK);
            byte[] data = new TestBlob(2 * BLOCK).bytes;
            var reader = mount.readAsync(0, 2 * BLOCK);
            var request = (ReadRequest) channel.take();
            AnonFd fd = request.fd();
            // Backwards, so that only the kernel knows that all of it is there.
            fd.write(MemorySegment.ofArray(data).asSlice(BLOCK), BLOCK);
            fd.write(MemorySegment.ofArray(data).asSlice(0, BLOCK), 0);
            fd.close();
            assertTrue(request.complete());
            reader.get();
            kernel.awaitOpenFds(0);
        }
        KernelAssert.assertThat(kernel).isClean();
    }

    private FakeMount mounted(FakeKernel kernel, CachefilesChannel channel, long size) throws Exception {
        CompletableFuture<FakeMount> mount = kernel.mountAsync("a");
        ((OpenRequest) channel.take()).accept(size);
        return mount.get();
    }
}
