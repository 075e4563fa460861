// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An object of the cache that the kernel has open: one blob, with its keys, its size and the fd to its cache file.
 *
 * <p>Lives from the OPEN until its CLOSE was handled. A handler may {@linkplain #attach attach} what it needs to serve
 * it.
 *
 * <p>Safe for use by several threads.
 */
public final class CacheObject {
    private final CachefilesChannel channel;
    private final MessageId opened;
    private final ObjectId id;
    private final VolumeKey volume;
    private final CookieKey cookie;
    private final AnonFd fd;
    private final Completion completion;

    /** Held by the owner, by each READ from its delivery to its answer, by each running handler and by each call. */
    private final UseCount uses = new UseCount();

    private final AtomicBoolean ownerReleased = new AtomicBoolean();
    private final AtomicReference<@Nullable Runnable> whenIdle = new AtomicReference<>();
    private volatile boolean open = true;
    private volatile long size = -1;
    private volatile @Nullable Object attachment;

    /** The re-OPEN in which the handler has failed, until it succeeds. */
    private volatile @Nullable OpenRequest openAgain;

    /** Held while the handler is asked again. */
    private final ReentrantLock opening = new ReentrantLock();

    /**
     * The kernel has opened the object for the sake of a READ that it has not delivered yet: without its fd it would open
     * the object again, and so on. Cleared by the first READ's answer; changed with {@link #uses} locked.
     */
    private volatile boolean kept;

    /** The fd is to be given back as soon as it is no longer kept. Guarded by {@link #uses}. */
    private boolean givenBack;

    /** READs that have just missed their deadlines, until the kernel has asked for their ranges once more. */
    private final MissedReads missed = new MissedReads();

    CacheObject(
            CachefilesChannel channel,
            MessageId opened,
            ObjectId id,
            VolumeKey volume,
            CookieKey cookie,
            AnonFile file) {
        this.channel = channel;
        this.opened = opened;
        this.id = id;
        this.volume = volume;
        this.cookie = cookie;
        var writer = new CacheWriter(this, file, channel);
        this.fd = new AnonFd(this, file, writer);
        this.completion = new Completion(file, writer);
    }

    /**
     * Gives the kernel's id.
     *
     * @return the id, which the kernel may use again after the CLOSE
     */
    public ObjectId id() {
        return id;
    }

    /**
     * Gives the key of the volume. Untrusted input.
     *
     * @return the key
     */
    public VolumeKey volume() {
        return volume;
    }

    /**
     * Gives the key of the object in its volume. Untrusted input.
     *
     * @return the key
     */
    public CookieKey cookie() {
        return cookie;
    }

    /**
     * Gives the fd to write through.
     *
     * @return the fd, lent until the object's CLOSE was handled
     */
    public AnonFd fd() {
        return fd;
    }

    /**
     * Gives the size that the kernel was told.
     *
     * @return bytes, or empty while the OPEN is not accepted
     */
    public OptionalLong size() {
        long bytes = size;
        return bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    /**
     * Gives which bytes are cached: after a restart, what need not be fetched again. Costs two system calls for each
     * range.
     *
     * @return a map of this moment
     * @throws ClosedChannelException if the object's CLOSE was handled
     * @throws CachefilesException    with {@code ENOBUFS} if the object has no file: before its OPEN is accepted, and
     *     after the kernel withdrew it
     * @throws IOException            if the thread is interrupted while it waits for the kernel to attach the file after
     *     the OPEN (at most 2 seconds)
     * @see AnonFd#isFilled
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_llseek in
     *      fs/cachefiles/ondemand.c, Linux 5.19</a>
     */
    public HoleMap holeMap() throws IOException {
        if (!tryAcquire()) {
            throw new ClosedChannelException();
        }
        try {
            if (size < 0) {
                throw new CachefilesException("holes of " + id, Errno.ENOBUFS, "the OPEN is not answered yet");
            }
            fd.writer().awaitAttached();
            return HoleMap.of(id, fd.file(), size);
        } finally {
            release();
        }
    }

    /**
     * Gives how many bytes of the object are cached. Costs as much as {@link #holeMap}.
     *
     * @return number of bytes, at most the size
     * @throws ClosedChannelException if the object's CLOSE was handled
     * @throws IOException            as in {@link #holeMap}
     */
    public long cachedBytes() throws IOException {
        return holeMap().cachedBytes();
    }

    /**
     * Tells whether the server has seen that all bytes are cached. It looks when as much was written as was missing, and
     * every two seconds; {@link OnDemandListener#complete} tells of it. Costs no system call.
     *
     * @return true if it has
     */
    public boolean isComplete() {
        return completion.isComplete();
    }

    /**
     * Gives the number of bytes that were written through the fd of this object.
     *
     * @return whole blocks, those twice that were written twice
     */
    public long writtenBytes() {
        return fd.writer().writtenBytes();
    }

    /**
     * Keeps an object of the handler's own with this one, in place of the one before.
     *
     * @param attachment the object, or null for none
     */
    public void attach(@Nullable Object attachment) {
        this.attachment = attachment;
    }

    /**
     * Gives what was {@linkplain #attach attached} last.
     *
     * @return the object, or null if there is none
     */
    public @Nullable Object attachment() {
        return attachment;
    }

    /**
     * Gives the id and the keys, in a form that is safe to print.
     *
     * @return the text, such as {@code o5 erofs,dom/layer.img}
     */
    @Override
    public String toString() {
        return id + " " + volume + "/" + cookie;
    }

    boolean isOpen() {
        return open;
    }

    /** The kernel knows the size: from now on the end can be padded, and a write waits for the file to be attached. */
    void accepted(long bytes) {
        fd.writer().size(bytes);
        size = bytes;
    }

    /** Looks whether all is cached, if it may be; true if it is, and that for the first time. */
    boolean hasBecomeComplete() {
        long bytes = size;
        if (bytes < 0 || !completion.isDue() || !tryAcquire()) {
            return false;
        }
        try {
            return completion.look(bytes);
        } finally {
            release();
        }
    }

    /** Tells at next to no cost whether {@link #hasBecomeComplete} would probably be true. */
    boolean isProbablyComplete() {
        return completion.isLikely();
    }

    void openAgain(@Nullable OpenRequest request) {
        openAgain = request;
    }

    @Nullable
    OpenRequest openAgain() {
        return openAgain;
    }

    ReentrantLock opening() {
        return opening;
    }

    MissedReads missed() {
        return missed;
    }

    /** The request to give to the handler when the object ends without a CLOSE of the kernel. */
    CloseRequest closeRequest() {
        return new CloseRequest(time(), opened, id, this);
    }

    TimeSource time() {
        return channel.time();
    }

    /** Tells whether the fd is not closed; it stays so only for who keeps it from closing. */
    boolean hasFd() {
        return uses.current() > 0;
    }

    /** Takes a use; false if the fd is closed. */
    boolean tryAcquire() {
        return uses.tryAcquire();
    }

    /** Gives a use back; closes the fd if it was the last, runs {@link #retire}'s action if it was the last but one. */
    void release() {
        if (uses.releaseUnlessLast()) {
            runIfIdle();
        } else {
            channel.closeIfLast(this, uses);
        }
    }

    /** Keeps the fd until the first READ of the object was answered. To be called before the kernel can send one. */
    void keepForRead() {
        kept = true;
    }

    /** A READ of the object was answered. */
    void readAnswered() {
        if (kept) {
            boolean end;
            synchronized (uses) {
                kept = false;
                end = givenBack;
            }
            if (end) {
                end();
            }
        }
    }

    /** The handler needs the fd no more. */
    void giveBack() {
        synchronized (uses) {
            if (kept) {
                givenBack = true;
                return;
            }
        }
        end();
    }

    /** The kernel let the object go: runs the action once nothing but the owner uses it; the action ends the object. */
    void retire(Runnable action) {
        open = false;
        whenIdle.set(action);
        runIfIdle();
    }

    private void runIfIdle() {
        if (whenIdle.get() != null && uses.current() <= 1) {
            Runnable action = whenIdle.getAndSet(null);
            if (action != null) {
                action.run();
            }
        }
    }

    /** The owner's use ends; the fd closes after the last call and the last answer. Does nothing the second time. */
    void end() {
        open = false;
        if (ownerReleased.compareAndSet(false, true)) {
            release();
        }
    }
}
