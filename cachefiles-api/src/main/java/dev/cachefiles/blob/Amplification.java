// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

/**
 * How far a {@link BlobHandler} may go when it fetches more than a reader waits for.
 *
 * <p>A miss costs many times what a read of cached bytes does, so a few large fetches beat many small ones; but bytes
 * that nobody reads are fetched in vain. So a miss fetches 16 KiB, aligned; more where reads run on or back, and more
 * where many misses lie close together. Within that, what the source can deliver sets the limit.
 *
 * @param largestFill most bytes of one fetch, from 0; 0 to fetch nothing but what is asked for
 * @param budget      most bytes, of all blobs together, that are being fetched at a time beyond what readers wait for;
 *     a miss that comes when it is used up fetches only its own range
 */
public record Amplification(long largestFill, long budget) {

    /** Fetches of at most 4 MiB, 32 MiB at a time. */
    public static final Amplification STANDARD = new Amplification(4 << 20, 32 << 20);

    /** Fetches exactly what is asked for. */
    public static final Amplification OFF = new Amplification(0, 0);

    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Amplification {
        if (largestFill < 0 || budget < 0) {
            throw new IllegalArgumentException("negative: largestFill " + largestFill + ", budget " + budget);
        }
    }
}
