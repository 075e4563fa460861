// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.blob.layer.Prefetcher;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is fetched ahead is in the cache before anyone asks. */
class PrefetchTest extends DaemonTest {
    private final TestBlob blob = new TestBlob(1_000_001);
    private final Queue<String> fetched = new ConcurrentLinkedQueue<>();
    private final Queue<BlobKey> completed = new ConcurrentLinkedQueue<>();
    private volatile CountDownLatch hold = new CountDownLatch(0);
    private volatile boolean closed;
    private Prefetcher prefetcher = builder().build();

    private Prefetcher.Builder builder() {
        return Prefetcher.builder().listener(new PrefetchListener() {
            @Override
            public void completed(BlobKey key) {
                completed.add(key);
            }
        });
    }

    @AfterEach
    void end() {
        prefetcher.close();
    }

    private final class Source implements BlobSource {
        @Override
        public long size() {
            return blob.bytes.length;
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            fetched.add(offset + "+" + target.byteSize());
            try {
                hold.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException("stopped");
            }
            MemorySegment.copy(blob.bytes, (int) offset, target, ValueLayout.JAVA_BYTE, 0, (int) target.byteSize());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private BlobHandler handler() {
        return new BlobHandler(key -> new Source(), Amplification.OFF, prefetcher);
    }

    @Test
    void aMountIsFilledAlthoughNoOneReads() throws Exception {
        start(handler());
        var mount = kernel.mount("image");
        await(() -> !completed.isEmpty());
        assertEquals(4, fetched.size(), "pieces");
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        assertEquals(0, kernel.counters().reads(), "READs");
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertTrue(closed);
    }

    @Test
    void whatAReaderHasCachedIsNotFetchedAhead() throws Exception {
        prefetcher.missBegins();
        start(handler());
        var mount = kernel.mount("image");
        mount.read(0, 512 << 10);
        int before = fetched.size();
        prefetcher.missEnds();
        await(() -> !completed.isEmpty());
        assertEquals(before + 2, fetched.size(), fetched::toString);
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        mount.unmount();
    }

    @Test
    void anUnmountEndsWhatIsUnderWay() throws Exception {
        hold = new CountDownLatch(1);
        start(handler());
        var mount = kernel.mount("image");
        await(() -> !fetched.isEmpty());
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertTrue(closed, "the fetch was interrupted, and the source closed after it");
        assertEquals(1, fetched.size());
    }

    @Test
    void whatWasReadBeforeIsFetchedFirstNextTime(@TempDir Path directory) throws Exception {
        var lists = new AccessLists(directory);
        var recorded = new BlobHandler(lists.over(key -> new Source()), Amplification.OFF);
        var first = start(recorded);
        var mount = kernel.mount("image");
        mount.read(700 << 10, 4096);
        mount.read(300 << 10, 4096);
        mount.unmount();
        kernel.awaitOpenFds(0);
        first.close();
        fetched.clear();

        kernel = FakeKernel.create();
        prefetcher = builder().lists(lists::find).build();
        start(new BlobHandler(key -> new Source(), Amplification.OFF, prefetcher));
        mount = kernel.mount("image");
        await(() -> !completed.isEmpty());
        assertTrue(fetched.size() > 2);
        assertTrue(String.valueOf(fetched.poll()).startsWith((700 << 10) + "+"));
        assertTrue(String.valueOf(fetched.poll()).startsWith((300 << 10) + "+"));
        mount.unmount();
    }
}
