// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;
import java.io.IOException;

/**
 * OPEN: the kernel wants to use an object, and asks how large it is. mount(2) waits for the answer and cannot be
 * killed meanwhile.
 *
 * <p>Sent at each mount for the image and each of its devices, also when everything is cached; and again for an object
 * whose fd was closed while it was mounted (a <em>re-OPEN</em>).
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">struct cachefiles_open;
 *      cachefiles_ondemand_init_open_req in fs/cachefiles/ondemand.c, Linux 5.19</a>
 */
public final class OpenRequest extends PendingRequest implements Request {
    private final CachefilesChannel channel;
    private final MessageId id;
    private final CacheObject object;

    OpenRequest(CachefilesChannel channel, MessageId id, CacheObject object) {
        super(channel.time());
        this.channel = channel;
        this.id = id;
        this.object = object;
    }

    @Override
    public MessageId id() {
        return id;
    }

    @Override
    public ObjectId objectId() {
        return object.id();
    }

    /**
     * Gives the object that is opened.
     *
     * @return the object, with its keys and its fd
     */
    public CacheObject object() {
        return object;
    }

    /**
     * Gives the key of the volume. Untrusted input.
     *
     * @return the key
     */
    public VolumeKey volume() {
        return object.volume();
    }

    /**
     * Gives the key of the object in its volume. Untrusted input.
     *
     * @return the key
     */
    public CookieKey cookie() {
        return object.cookie();
    }

    /**
     * Tells whether the kernel has the object in use already and only asks for a new fd. Costs a system call.
     *
     * @return true for a re-OPEN that is not answered yet
     */
    public boolean isReopen() {
        return !isAnswered() && asksAgain();
    }

    private boolean asksAgain() {
        if (!object.tryAcquire()) {
            return false;
        }
        try {
            return object.fd().file().size() >= 0;
        } finally {
            object.release();
        }
    }

    /**
     * Accepts with the size of the object ({@code copen <id>,<size>}).
     *
     * <p>The size must be the same each time the same name is opened: another size makes the kernel throw away what is
     * cached.
     *
     * @param sizeBytes size of the object in bytes, not negative
     * @return true; or false if the request is cancelled, and then the answer was dropped
     * @throws IllegalArgumentException if {@code sizeBytes} is negative; the request is not answered then
     * @throws IllegalStateException    if the request was answered before
     * @throws CachefilesException      with {@code EINVAL} if the kernel no longer waits; with {@code EIO} if the cache
     *     is dead. The object is closed then
     * @throws IOException              if the channel is closed
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_copen in
     *      fs/cachefiles/ondemand.c</a>
     */
    public boolean accept(long sizeBytes) throws IOException {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("size " + sizeBytes + " is negative");
        }
        if (!claimForHandler()) {
            return false;
        }
        acceptClaimed(sizeBytes);
        return true;
    }

    /** Accepts; to be called once, after {@link #claim}. */
    void acceptClaimed(long sizeBytes) throws IOException {
        answered(true);
        channel.accept(this, sizeBytes);
    }

    /**
     * Refuses ({@code copen <id>,<-errno>}) and closes the fd: mount(2) fails, with {@code EIO} or {@code ENOBUFS}
     * whatever errno is given. A later mount asks again.
     *
     * <p>A re-OPEN cannot be refused: the kernel would send it again for ever, or keep its readers waiting. It is
     * accepted with the size that it has, and the READs that follow can be {@linkplain ReadRequest#fail failed}.
     *
     * @param errno the reason; seen in the kernel's trace only
     * @return true if it was refused; false if it was a re-OPEN and is accepted, or the request is cancelled and the
     *     answer was dropped
     * @throws IllegalStateException if the request was answered before
     * @throws CachefilesException   as in {@link #accept}; the object is closed then
     * @throws IOException           if the channel is closed
     */
    public boolean refuse(Errno errno) throws IOException {
        boolean reopen = isReopen();
        return claimForHandler() && refuseClaimed(errno, reopen);
    }

    /** Refuses; to be called once, after {@link #claim}, with what {@link #isReopen} has said before. */
    boolean refuseClaimed(Errno errno, boolean reopen) throws IOException {
        answered(reopen);
        return answerRefusal(errno, reopen);
    }

    @Override
    void cancelClaimed() throws IOException {
        boolean reopen = asksAgain();
        if (reopen) {
            // Set first: the READ that made the kernel open it again comes as soon as this is accepted.
            object.openAgain(this);
        }
        cancelled();
        answerRefusal(Errno.ETIMEDOUT, reopen);
    }

    @Override
    PendingRequest twin() {
        return new OpenRequest(channel, id, object);
    }

    private boolean answerRefusal(Errno errno, boolean reopen) throws IOException {
        if (reopen) {
            channel.accept(this, channel.sizeForReopen(object));
            return false;
        }
        channel.refuse(this, errno);
        return true;
    }

    @Override
    TimeSource time() {
        return channel.time();
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
        return 0;
    }

    /**
     * Gives the request in the form used in logs.
     *
     * @return the text, such as {@code OPEN #3 o5 erofs,dom/layer.img}
     */
    @Override
    public String toString() {
        return "OPEN " + id + " " + object;
    }
}
