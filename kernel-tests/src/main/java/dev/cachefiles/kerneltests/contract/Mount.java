// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.io.IOException;
import java.util.List;

/** A mounted {@link Image}. */
public interface Mount {

    /**
     * Starts to read a range of the file. The kernel asks the daemon for the pages of the range and no more, with one READ
     * if none of them is cached and they are within the read-ahead of 128 KiB.
     */
    Reading read(long offset, int length);

    /** Starts a reader for each offset, all at once; each seems to wait until the last has ended. */
    default List<Reading> readEach(List<Long> offsets, int length) {
        return offsets.stream().map(offset -> read(offset, length)).toList();
    }

    /** Like {@link #read}, for one of the {@link KernelUnderTest#imageOfTriplets triplets}: 0, 1 or 2. */
    Reading readTriplet(int index, long offset, int length);

    /** Starts to read the whole file from its start, so that the kernel reads ahead. */
    Reading readAll(Image image);

    /** Starts to read a range through a mapping, in a process that any other error would not end by a signal. */
    Reading readMapped(long offset, int length);

    /** Unmounts. The daemon may get a CLOSE, which is not waited for. */
    void unmount() throws IOException;
}
