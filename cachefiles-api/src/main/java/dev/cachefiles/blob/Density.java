// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

/**
 * Where in a blob misses lie so close together that the bytes between them will be wanted too.
 *
 * <p>A reader of one hundredth of a blob, at random, must not have all of it fetched. So a stretch is dense when it has
 * more misses than such a reader causes by four standard deviations: of chance alone that does not happen. Looked at are
 * the blob as a whole, where this shows first, and stretches of a thousandth, at least 4 MiB, where a part is dense.
 *
 * <p>Not safe for use by several threads.
 */
final class Density {
    private static final int BLOCK = 4096;
    private static final long SMALLEST_REGION = 4 << 20;
    private static final int MOST_REGIONS = 1024;

    /** No single READ counts for more: one that the kernel has made large by reading ahead says little. */
    private static final int MOST_PER_READ = 4;

    private final long regionSize;
    private final char[] regions;
    private final int regionIsDense;
    private final int blobIsDense;
    private int blob;

    Density(long size) {
        long region = SMALLEST_REGION;
        while ((size - 1) / region >= MOST_REGIONS) {
            region *= 2;
        }
        regionSize = region;
        regions = new char[(int) ((Math.max(1, size) - 1) / region) + 1];
        regionIsDense = dense(Math.min(region, size));
        blobIsDense = dense(size);
    }

    /** So many blocks are not missed in a stretch of this size unless it is read densely. */
    private static int dense(long size) {
        double sparse = (double) size / BLOCK / 100;
        return (int) Math.min(Integer.MAX_VALUE >> 4, Math.ceil(sparse + 4 * Math.sqrt(sparse) + 4));
    }

    /** Counts a miss; gives how dense its surroundings are: 0 for sparse, then in quarters, so from 4 on. */
    int miss(long offset, long length) {
        int blocks = Math.clamp(length / BLOCK, 1, MOST_PER_READ);
        int region = (int) Math.min(regions.length - 1, offset / regionSize);
        blob = Math.min(Integer.MAX_VALUE >> 4, blob + blocks);
        regions[region] = (char) Math.min(Character.MAX_VALUE, regions[region] + blocks);
        int quarters = Math.max(4 * blob / blobIsDense, 4 * regions[region] / regionIsDense);
        return quarters < 4 ? 0 : quarters;
    }
}
