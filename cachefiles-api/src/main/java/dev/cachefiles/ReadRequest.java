// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;

/**
 * READ: a range of an object is missing, and a reader waits for it.
 *
 * <p>The range is {@code [offset, offset + length)}, always whole blocks of 4096 bytes, or of a memory page if that is
 * larger: where the kernel asks for less, it is widened, since only whole blocks can be written. The last one of an object
 * may reach beyond its size by less than a block. Filling more than asked saves later READs. Several READs of one object may be pending,
 * also for the same range.
 *
 * <p><strong>READ has no error reply.</strong> Completed without its data, the kernel sees the hole, asks once more
 * with a new READ, and then gives the reader {@code EIO} ({@code SIGBUS} if it had the file mapped). Nothing is sticky:
 * a later read asks again.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">struct cachefiles_read;
 *      cachefiles_ondemand_init_read_req in fs/cachefiles/ondemand.c, Linux 5.19</a>
 */
public final class ReadRequest extends PendingRequest implements Request {
    private final CacheObject object;
    private final int messageId;
    private final long offset;
    private final long length;

    /** The kernel has asked for just this range, and not for less. */
    private final boolean exact;

    /** Set before another thread sees the request. */
    private boolean secondTry;

    /** The caller has acquired a use of the object for this request. */
    ReadRequest(CacheObject object, int messageId, long offset, long length, boolean exact) {
        super(object.time());
        this.object = object;
        this.messageId = messageId;
        this.offset = offset;
        this.length = length;
        this.exact = exact;
    }

    @Override
    public MessageId id() {
        return new MessageId(messageId);
    }

    @Override
    public ObjectId objectId() {
        return object.id();
    }

    /**
     * Gives the object that is read.
     *
     * @return the object, with its keys, its size and its fd
     */
    public CacheObject object() {
        return object;
    }

    /**
     * Gives the fd to write the range through.
     *
     * @return the object's fd
     */
    public AnonFd fd() {
        return object.fd();
    }

    /**
     * Gives the start of the range.
     *
     * @return byte offset in the object, not negative
     */
    public long offset() {
        return offset;
    }

    /**
     * Gives the length of the range.
     *
     * @return number of bytes, at least 1
     */
    public long length() {
        return length;
    }

    /**
     * Tells, without a system call, whether it is certain that nothing of the range is cached: the kernel found none of
     * it before it asked, and nothing was written there since the object was opened.
     *
     * @return true if nothing of the range is cached; false if something may be, and {@link AnonFd#isFilled} and
     *     {@link AnonFd#nextData} know it
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_do_prepare_read in
     *      fs/cachefiles/io.c</a>
     */
    public boolean isAllMissing() {
        return exact && !object.fd().writer().mayHaveWritten(offset, length);
    }

    /**
     * Answers: the reader goes on ({@code CACHEFILES_IOC_READ_COMPLETE}).
     *
     * <p>To be called when the range is written. If it is not, the reader goes on all the same and finds the hole.
     *
     * @return true if the whole range is in the cache file; false if not, and the reader will ask again or get
     *     {@code EIO}; false also if the request is cancelled, and then the answer was dropped
     * @throws IllegalStateException if the request was answered before
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_ioctl in
     *      fs/cachefiles/ondemand.c</a>
     */
    public boolean complete() {
        if (!claimForHandler()) {
            return false;
        }
        answeredByHandler();
        return completeClaimed();
    }

    /**
     * Answers without data: the reader gets {@code EIO} unless another READ has filled the range. Does nothing if the
     * request is cancelled.
     *
     * @throws IllegalStateException if the request was answered before
     */
    public void fail() {
        if (claimForHandler()) {
            failClaimed();
        }
    }

    /** Looks whether the range is whole, and answers; to be called once, after {@link #claim}. */
    boolean completeClaimed() {
        boolean filled = object.fd().writer().isFilled(offset, length);
        answered(filled);
        tellKernel();
        return filled;
    }

    /** Answers without data; to be called once, after {@link #claim}. */
    void failClaimed() {
        answered(false);
        tellKernel();
    }

    @Override
    void cancelClaimed() {
        if (!secondTry) {
            object.missed().add(this, time().nanoTime());
        }
        cancelled();
        tellKernel();
    }

    @Override
    PendingRequest twin() {
        return new ReadRequest(object, messageId, offset, length, exact);
    }

    /** Tells whether the kernel asks once more for what has just missed its deadline; to be asked once. */
    boolean isSecondTry() {
        secondTry = object.missed().take(this);
        return secondTry;
    }

    private void tellKernel() {
        // EINVAL means that the reader was killed or the cache has died: no one waits, nothing is to be done.
        object.fd().file().completeRead(messageId);
        object.readAnswered();
        object.release();
    }

    @Override
    TimeSource time() {
        return object.time();
    }

    @Override
    CacheObject target() {
        return object;
    }

    @Override
    Request request() {
        return this;
    }

    @Override
    long bytes() {
        return length;
    }

    /**
     * Gives the request in the form used in logs.
     *
     * @return the text, such as {@code READ #7 o5 [4096 +131072)}
     */
    @Override
    public String toString() {
        return "READ " + id() + " " + object.id() + " " + CacheWriter.range(offset, length);
    }
}
