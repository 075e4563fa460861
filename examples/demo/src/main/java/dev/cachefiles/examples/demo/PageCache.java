// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.demo.erofs.BlobReader;
import dev.cachefiles.testkit.FakeMount;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads the blobs of a mount of the fake kernel as the real one's page cache does: by pages, with read-ahead for long
 * reads, and each page once.
 *
 * <p>Keeps no bytes, only which pages were asked for: the mount has the bytes in memory anyway.
 */
final class PageCache implements BlobReader {
    private static final int PAGE = 4096;
    private static final int READ_AHEAD = 128 << 10;

    private final FakeMount mount;
    private final List<Blob> blobs;
    private final List<BitSet> pages = new ArrayList<>();
    private final List<Object> locks = new ArrayList<>();
    private final LongAdder misses;

    /**
     * Makes an empty cache.
     *
     * @param misses counts the reads that go to the mount since a page is asked for the first time
     */
    PageCache(FakeMount mount, List<Blob> blobs, LongAdder misses) {
        this.mount = mount;
        this.blobs = blobs;
        this.misses = misses;
        blobs.forEach(blob -> pages.add(new BitSet()));
        for (int i = 0; i < 64; i++) {
            locks.add(new Object());
        }
    }

    @Override
    public int count() {
        return blobs.size();
    }

    @Override
    public void read(int index, long offset, ByteBuffer target) throws IOException {
        Blob blob = blobs.get(index);
        if (offset < 0 || offset + target.remaining() > blob.size()) {
            throw new EOFException(blob.name() + " ends at byte " + blob.size());
        }
        long at = offset;
        while (target.hasRemaining()) {
            long windowStart = at & -(long) READ_AHEAD;
            int length = (int) Math.min(target.remaining(), windowStart + READ_AHEAD - at);
            // Who wants a page that another thread is fetching waits for it, and asks the daemon no second time.
            synchronized (locks.get((int) (windowStart / READ_AHEAD % locks.size()))) {
                if (!isPresent(index, at, length)) {
                    misses.increment();
                    fetch(index, blob, at, length);
                }
            }
            target.put(mount.read(blob.name(), at, length));
            at += length;
        }
    }

    private boolean isPresent(int index, long offset, int length) {
        int first = (int) (offset / PAGE);
        int end = (int) ((offset + length + PAGE - 1) / PAGE);
        BitSet present = pages.get(index);
        synchronized (present) {
            return present.nextClearBit(first) >= end;
        }
    }

    private void fetch(int index, Blob blob, long offset, int length) throws IOException {
        boolean wide = length > PAGE;
        long start = offset & -(long) PAGE;
        long end = wide ? (start & -(long) READ_AHEAD) + READ_AHEAD : (offset + length + PAGE - 1) & -(long) PAGE;
        mount.read(blob.name(), start, (int) (Math.min(end, roundUp(blob.size())) - start));
        BitSet present = pages.get(index);
        synchronized (present) {
            present.set((int) (start / PAGE), (int) (end / PAGE));
        }
    }

    private static long roundUp(long size) {
        return size + PAGE - 1 & -(long) PAGE;
    }
}
