// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.time.Duration;
import java.util.Objects;

/** Sets a {@link FakeKernel} up. For use by one thread. */
public final class FakeKernelBuilder {
    private KernelProfile profile = KernelProfile.LINUX_6_12;
    private boolean onDemand = true;
    private int pageSize = 4096;
    private int blockSize = 4096;
    private int sectorSize = 512;
    private long capacity = 1L << 60;
    private long inodes = 1L << 40;
    private int readAhead = 128 << 10;
    private int attachDelay = 3;
    private int firstMessageId;
    private int firstObjectId = 1;
    private boolean virtualTime;
    private Duration patience = Duration.ofSeconds(10);

    FakeKernelBuilder() {}

    /**
     * Sets whose behaviour to show.
     *
     * @param profile the kernel; the default is {@link KernelProfile#LINUX_6_12}
     * @return this
     */
    public FakeKernelBuilder profile(KernelProfile profile) {
        this.profile = Objects.requireNonNull(profile, "profile");
        return this;
    }

    /**
     * Leaves the on-demand mode out, as a kernel built without {@code CONFIG_CACHEFILES_ONDEMAND}.
     *
     * @return this
     */
    public FakeKernelBuilder withoutOnDemand() {
        this.onDemand = false;
        return this;
    }

    /**
     * Sets the size of a page of memory.
     *
     * @param bytes a power of two, from 4096 to 65536; the default is 4096
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is anything else
     */
    public FakeKernelBuilder pageSize(int bytes) {
        this.pageSize = powerOfTwo("page size", bytes, 4096, 65536);
        return this;
    }

    /**
     * Sets the block size of the cache's file system, which is the unit of holes.
     *
     * @param bytes a power of two, from 512 to 65536; the default is 4096
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is anything else
     */
    public FakeKernelBuilder blockSize(int bytes) {
        this.blockSize = powerOfTwo("block size", bytes, 512, 65536);
        return this;
    }

    /**
     * Sets the sector size of the cache's disk: the length of a write must be a multiple of it.
     *
     * @param bytes 512 or 4096; the default is 512
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is anything else
     */
    public FakeKernelBuilder sectorSize(int bytes) {
        if (bytes != 512 && bytes != 4096) {
            throw new IllegalArgumentException("sector size " + bytes + " is neither 512 nor 4096");
        }
        this.sectorSize = bytes;
        return this;
    }

    /**
     * Sets the size of the cache's disk, of which the limits {@code brun}, {@code bcull} and {@code bstop} are
     * shares.
     *
     * @param bytes number of bytes, positive, rounded down to whole blocks; the default is more than any test fills
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is not positive
     */
    public FakeKernelBuilder capacity(long bytes) {
        this.capacity = positive("capacity", bytes);
        return this;
    }

    /**
     * Sets how many files and directories the cache's file system can have, of which the limits {@code frun},
     * {@code fcull} and {@code fstop} are shares. Each blob takes one, each volume 257.
     *
     * @param count the number, positive; the default is more than any test takes
     * @return this
     * @throws IllegalArgumentException if {@code count} is not positive
     */
    public FakeKernelBuilder inodes(long count) {
        this.inodes = positive("number of inodes", count);
        return this;
    }

    /**
     * Sets the read-ahead: no READ is longer, and who reads on where the last read of the blob has ended asks for as
     * much.
     *
     * @param bytes number of bytes, rounded up to at least a page; the default is 128 KiB
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public FakeKernelBuilder readAhead(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("read-ahead " + bytes + " is negative");
        }
        this.readAhead = bytes;
        return this;
    }

    /**
     * Sets how many calls on a new fd are refused with {@code ENOBUFS} after the OPEN was answered. The kernel
     * attaches the file some milliseconds after that, but always before a READ.
     *
     * @param calls number of calls, not negative; the default is 3
     * @return this
     * @throws IllegalArgumentException if {@code calls} is negative
     */
    public FakeKernelBuilder attachDelay(int calls) {
        if (calls < 0) {
            throw new IllegalArgumentException("attach delay " + calls + " is negative");
        }
        this.attachDelay = calls;
        return this;
    }

    /**
     * Sets the id of the first message of each cache.
     *
     * @param bits the 32 bits of an unsigned number; the default is 0
     * @return this
     */
    public FakeKernelBuilder firstMessageId(int bits) {
        this.firstMessageId = bits;
        return this;
    }

    /**
     * Sets the id of the first object of each cache.
     *
     * @param id from 1 to {@link Integer#MAX_VALUE}, after which 1 follows; the default is 1
     * @return this
     * @throws IllegalArgumentException if {@code id} is not positive
     */
    public FakeKernelBuilder firstObjectId(int id) {
        this.firstObjectId = (int) positive("object id", id);
        return this;
    }

    /**
     * Holds the daemon's clock still: deadlines, pauses and waits with a time limit end only when
     * {@link FakeKernel#advance} moves it. {@link #patience} stays real time.
     *
     * @return this
     */
    public FakeKernelBuilder virtualTime() {
        this.virtualTime = true;
        return this;
    }

    /**
     * Sets how long a mount or a read waits for the daemon before it fails with {@link HungReaderError}.
     *
     * @param longest the longest wait for one answer, not negative; the default is 10 seconds
     * @return this
     * @throws IllegalArgumentException if {@code longest} is negative
     */
    public FakeKernelBuilder patience(Duration longest) {
        if (longest.isNegative()) {
            throw new IllegalArgumentException("patience " + longest + " is negative");
        }
        this.patience = longest;
        return this;
    }

    /**
     * Makes the kernel.
     *
     * @return the kernel, whose device is closed
     */
    public FakeKernel build() {
        return new FakeKernel(new Settings(
                profile,
                onDemand,
                pageSize,
                blockSize,
                sectorSize,
                capacity,
                inodes,
                readAhead & -pageSize,
                attachDelay,
                firstMessageId,
                firstObjectId,
                virtualTime,
                patience));
    }

    private static long positive(String what, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(what + " " + value + " is not positive");
        }
        return value;
    }

    private static int powerOfTwo(String what, int bytes, int least, int most) {
        if (Integer.bitCount(bytes) != 1 || bytes < least || bytes > most) {
            throw new IllegalArgumentException(
                    what + " " + bytes + " is no power of two from " + least + " to " + most);
        }
        return bytes;
    }
}
