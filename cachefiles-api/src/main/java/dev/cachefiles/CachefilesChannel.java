// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.protocol.Command;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageDecoder;
import dev.cachefiles.protocol.MessageLayout;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A bound cache: hands out the kernel's requests, one at a time.
 *
 * <p>For those who drive the loop themselves; {@link OnDemandServer} does it for others. Every {@link OpenRequest} and
 * {@link ReadRequest} handed out must be answered, or a process waits for as long as the channel is open; every
 * {@link CloseRequest} must be {@linkplain CloseRequest#complete completed}, or its fd stays open.
 *
 * <p>There is one open device, and so one channel, in the whole system at a time.
 *
 * <p>Safe for use by several threads; each request goes to one of them. Threads that wait hold their carrier if they
 * are virtual.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "On-demand Read";
 *      Linux 5.19</a>
 */
public final class CachefilesChannel implements Channel {
    private static final int WRITE_BUFFER_SIZE = 256 << 10;

    /** No command at all: a cache that lives refuses it without a lock, a dead one says EIO as to every other. */
    private static final Command PROBE = new Command("alive");

    private final CacheOptions options;
    private final CachefilesProvider provider;
    private final DeviceFile device;
    private final long fileLimit;

    /** Up to where this process may write files, in bytes; a negative number if that is not known. */
    private volatile long fileSizeLimit;

    private final UseCount deviceUses = new UseCount();
    private final CountDownLatch deviceClosed = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();

    private final BufferPool messages = new BufferPool(MessageLayout.MAX_SIZE, Long.BYTES);
    private final BufferPool buffers;
    private final ObjectTable objects;
    private final LeakGuard guard;

    /** Set when the kernel has refused a command with EIO, which it does for good. */
    private volatile boolean dead;

    /** READs that no fd of this process can answer have come since the last {@code restore}. */
    private volatile boolean strays;

    /** OPENs that are not answered. */
    private final AtomicInteger opening = new AtomicInteger();

    private volatile @Nullable OnDemandListener observer;

    private volatile @Nullable CacheWatch watch;

    private CachefilesChannel(CacheOptions options, CachefilesProvider provider, DeviceFile device, long fileLimit) {
        this.options = options;
        this.provider = provider;
        this.device = device;
        this.fileLimit = fileLimit;
        this.fileSizeLimit = provider.raiseFileSizeLimit();
        this.buffers = new BufferPool(WRITE_BUFFER_SIZE, CacheWriter.blockSize(device.pageSize()));
        // The remedy may refer to the fds, but not to the objects: they refer to the channel.
        Set<AnonFile> files = ConcurrentHashMap.newKeySet();
        this.objects = new ObjectTable(files);
        this.guard = LeakGuard.watch(
                this,
                "a CachefilesChannel was dropped without being closed; its device (" + options.device()
                        + ") is closed now, and all that wait for it fail",
                () -> {
                    files.forEach(AnonFile::close);
                    device.close();
                });
    }

    /**
     * Opens the device and binds the cache, with the provider found by {@link ServiceLoader}.
     *
     * @param options the cache
     * @return the channel, ready for requests
     * @throws UnsupportedOperationException if there is no provider, or it cannot work on this platform
     * @throws CachefilesException           if the device cannot be opened or refuses a command: {@code EBUSY} if
     *     another process has the device or another cache the directory or tag, {@code EPERM} or {@code EACCES} without
     *     the capability {@code CAP_SYS_ADMIN}, {@code ENOENT} without the module or the directory, {@code EOPNOTSUPP}
     *     if the directory's file system will not do, {@code EINVAL} if the kernel has no on-demand mode. The device is
     *     closed then, and the call can be repeated
     * @throws IOException                   if another error occurs
     */
    public static CachefilesChannel open(CacheOptions options) throws IOException {
        return open(options, provider());
    }

    /**
     * Loads and links what {@link #open(CacheOptions)} needs, which takes a good part of a start: to be called by a thread
     * of its own while the program does something else. Neither needed nor wrong. Fails in silence; {@code open} will
     * tell.
     */
    public static void prepare() {
        ServiceLoader.load(CachefilesProvider.class).findFirst().ifPresent(CachefilesProvider::prepare);
    }

    /**
     * Opens the device and binds the cache, with a given provider.
     *
     * @param options  the cache
     * @param provider what makes the system calls
     * @return the channel, ready for requests
     * @throws UnsupportedOperationException if the provider cannot work on this platform
     * @throws CachefilesException           as in {@link #open(CacheOptions)}
     * @throws IOException                   if another error occurs
     */
    public static CachefilesChannel open(CacheOptions options, CachefilesProvider provider) throws IOException {
        Objects.requireNonNull(options, "options");
        long fileLimit = provider.raiseFileLimit();
        DeviceFile device = provider.open(options.device());
        try {
            bind(device, options);
            return new CachefilesChannel(options, provider, device, fileLimit);
        } catch (Throwable t) {
            // The kernel keeps what a failed set-up has told it until the device closes.
            device.close();
            throw t;
        }
    }

    /**
     * Goes on with a device that is open already, with the provider found by {@link ServiceLoader}: one that was kept
     * open while its daemon was replaced. Whoever waits for the daemon before has noticed a pause and nothing else.
     *
     * <p>The fds of the daemon before must be closed, as they are once it has ended; then the kernel opens each object
     * again as soon as a page of it is missing, and delivers again what was not answered. A cache that is bound keeps
     * the directory, tag and limits that it has; one that is not is bound with the options.
     *
     * @param options the cache, as it was bound or is to be
     * @param fd      the open device, owned by the channel from now on and close-on-exec; it is closed also when this
     *     call fails, unless it is no such device
     * @return the channel, ready for requests
     * @throws UnsupportedOperationException if there is no provider, or it cannot work on this platform
     * @throws CachefilesException           with {@code EBADF} if there is no such fd or it is not open for reading and
     *     writing, {@code ENOTTY} if it is another file, {@code EIO} if the cache is dead, {@code EOPNOTSUPP} if the
     *     cache is bound and the kernel cannot deliver again (before Linux 6.8, 6.1.95); if the cache is not bound, as
     *     in {@link #open(CacheOptions)}
     * @throws IOException                   if another error occurs
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_restore in
     *      fs/cachefiles/ondemand.c, Linux 6.8</a>
     */
    public static CachefilesChannel adopt(CacheOptions options, DeviceFd fd) throws IOException {
        return adopt(options, fd, provider());
    }

    /**
     * Goes on with a device that is open already, with a given provider.
     *
     * @param options  the cache, as it was bound or is to be
     * @param fd       the open device, as in {@link #adopt(CacheOptions, DeviceFd)}
     * @param provider what makes the system calls
     * @return the channel, ready for requests
     * @throws UnsupportedOperationException if the provider cannot work on this platform
     * @throws CachefilesException           as in {@link #adopt(CacheOptions, DeviceFd)}
     * @throws IOException                   if another error occurs
     */
    public static CachefilesChannel adopt(CacheOptions options, DeviceFd fd, CachefilesProvider provider)
            throws IOException {
        Objects.requireNonNull(options, "options");
        long fileLimit = provider.raiseFileLimit();
        DeviceFile device = provider.adopt(fd.number());
        try {
            if (device.write(PROBE.bytes()) == -Errno.EIO.number()) {
                throw Cures.adopt(fd, Errno.EIO);
            }
            if (isBound(device)) {
                int result = device.write(Command.restore().bytes());
                if (result < 0) {
                    throw Cures.adopt(fd, Errno.ofResult(result));
                }
            } else {
                bind(device, options);
            }
            return new CachefilesChannel(options, provider, device, fileLimit);
        } catch (Throwable t) {
            device.close();
            throw t;
        }
    }

    /** Asks for a name that no cache has: the kernel answers EIO unless a cache is bound, and changes nothing. */
    private static boolean isBound(DeviceFile device) {
        return device.write(Command.of("inuse", ".adopted").bytes()) != -Errno.EIO.number();
    }

    private static void bind(DeviceFile device, CacheOptions options) throws CachefilesException {
        for (Command command : options.commands()) {
            setUp(device, command, options);
        }
        setUp(device, Command.bindOnDemand(), options);
    }

    private static CachefilesProvider provider() {
        return ServiceLoader.load(CachefilesProvider.class)
                .findFirst()
                .orElseThrow(() -> new UnsupportedOperationException(
                        "no provider of the native side found; add the module dev.cachefiles.ffm"
                                + " (artifact dev.cachefiles:cachefiles-ffm)"));
    }

    private static void setUp(DeviceFile device, Command command, CacheOptions options) throws CachefilesException {
        int result = device.write(command.bytes());
        if (result < 0) {
            throw Cures.setUp(command, Errno.ofResult(result), options);
        }
    }

    /**
     * Waits for the next request.
     *
     * @return the request, or null if {@link #wakeup} was called
     * @throws AsynchronousCloseException if the channel is closed meanwhile
     * @throws ClosedChannelException     if the channel is closed
     * @throws ProtocolException          if a message is malformed, or for an object that is not known here. An OPEN
     *     was refused then; the next call goes on with the next message
     * @throws CachefilesException        if the kernel cannot deliver: {@code EMFILE} or {@code ENFILE} when no fd is
     *     left for an OPEN, which has failed then. Worth a pause; the next call goes on
     * @throws IOException                if another error occurs
     */
    public @Nullable Request take() throws IOException {
        return next(-1);
    }

    /**
     * Waits for the next request for a limited time.
     *
     * @param timeout the longest wait; zero or less does not wait
     * @return the request, or null after the timeout or if {@link #wakeup} was called
     * @throws IOException as in {@link #take()}
     */
    public @Nullable Request poll(Duration timeout) throws IOException {
        return next(Math.max(0, timeout.toNanos()));
    }

    private @Nullable Request next(long timeoutNanos) throws IOException {
        BufferPool.Buffer buffer = messages.take();
        try {
            long start = System.nanoTime();
            var backoff = new EmptyReadBackoff();
            while (true) {
                long left = timeoutNanos < 0 ? -1 : Math.max(0, timeoutNanos - (System.nanoTime() - start));
                int ready = await(left);
                if ((ready & DeviceFile.READABLE) != 0) {
                    PendingRequest request = receive(buffer);
                    if (request != null) {
                        request.guardAgainstLoss();
                        return request.request();
                    }
                    backoff.pause();
                }
                if ((ready & DeviceFile.WOKEN) != 0) {
                    clearWakeup();
                    return null;
                }
                if (left == 0) {
                    return null;
                }
            }
        } finally {
            messages.give(buffer);
        }
    }

    /** Makes one thread that waits in {@link #take} or {@link #poll}, or the next that would, return null at once. */
    public void wakeup() {
        if (deviceUses.tryAcquire()) {
            try {
                device.wake();
            } finally {
                releaseDevice();
            }
        }
    }

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    /**
     * Closes every fd that no call and no unanswered READ uses any more, then the device; threads that wait get
     * {@link AsynchronousCloseException}.
     *
     * <p>All requests that are still unanswered fail in the kernel. May block for long: the kernel writes the cache's
     * whole file system back. Does nothing the second time.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        guard.done();
        device.wake();
        objects.all().forEach(CacheObject::end);
        releaseDevice();
        boolean interrupted = false;
        while (true) {
            try {
                deviceClosed.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // only waiters, who were woken, and short calls are left
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits; bits as in {@link DeviceFile#await}. */
    int await(long timeoutNanos) throws IOException {
        useDevice();
        try {
            int ready = device.await(timeoutNanos);
            if (closed.get()) {
                throw new AsynchronousCloseException();
            }
            if (ready < 0) {
                throw new CachefilesException("poll of the device", Errno.ofResult(ready));
            }
            return ready;
        } finally {
            releaseDevice();
        }
    }

    /** Reads one message into the buffer and registers what it brings; null if there is none. */
    @Nullable
    PendingRequest receive(BufferPool.Buffer buffer) throws IOException {
        useDevice();
        try {
            long stamp = objects.beginDelivery();
            try {
                int length = device.read(buffer.segment());
                if (length > 0) {
                    return register(buffer, length);
                }
                if (length == 0 || length == -Errno.EINTR.number() || length == -Errno.EAGAIN.number()) {
                    return null;
                }
                Errno errno = Errno.ofResult(length);
                throw new CachefilesException("read of the device", errno, receiveCure(errno));
            } finally {
                objects.endDelivery(stamp);
            }
        } finally {
            releaseDevice();
        }
    }

    private PendingRequest register(BufferPool.Buffer buffer, int length) throws IOException {
        if (MessageDecoder.isRead(buffer.bytes(), length)) {
            return register(
                    MessageDecoder.readMessageId(buffer.bytes()),
                    MessageDecoder.readObjectId(buffer.bytes()),
                    MessageDecoder.readOffset(buffer.bytes()),
                    MessageDecoder.readLength(buffer.bytes()));
        }
        Message message;
        try {
            message = MessageDecoder.decode(buffer.segment(), length);
        } catch (ProtocolException e) {
            refuseMalformed(buffer.segment(), length);
            throw e;
        }
        return switch (message) {
            case Message.Read read -> register(read.messageId(), read.objectId(), read.offset(), read.length());
            case Message.Open open -> {
                var id = new ObjectId(open.objectId());
                var messageId = new MessageId(open.messageId());
                var object =
                        new CacheObject(this, messageId, id, open.volume(), open.cookie(), device.adopt(open.fd()));
                if (objects.keptSize(object).isPresent()) {
                    object.keepForRead();
                }
                objects.add(object);
                opening.incrementAndGet();
                yield new OpenRequest(this, messageId, object);
            }
            case Message.Close close -> {
                var id = new ObjectId(close.objectId());
                CacheObject object = objects.remove(id);
                CacheWatch watching = watch;
                if (object != null && watching != null) {
                    watching.closed(object);
                }
                yield new CloseRequest(time(), new MessageId(close.messageId()), id, object);
            }
        };
    }

    private ReadRequest register(int messageId, int objectId, long offset, long length) throws ProtocolException {
        CacheObject object = objects.find(objectId);
        if (object == null || !object.tryAcquire()) {
            strays = true;
            throw new ProtocolException("READ " + new MessageId(messageId) + " for the unknown object "
                    + new ObjectId(objectId) + "; another process has its fd");
        }
        CacheWriter writer = object.fd().writer();
        writer.attached();
        long start = writer.blockStart(offset);
        long end = writer.blockEnd(offset + length);
        return new ReadRequest(object, messageId, start, end - start, end - start == length);
    }

    /** Called while no fd can close, so that an object which is not closed by now can be used. */
    private void refuseMalformed(MemorySegment buffer, int length) {
        MessageDecoder.failableRead(buffer, length).ifPresent(ids -> {
            CacheObject object = objects.find(ids.objectId());
            if (object != null && object.hasFd()) {
                object.fd().file().completeRead(ids.messageId());
            }
        });
        MessageDecoder.refusableOpen(buffer, length)
                .ifPresent(id -> device.write(Command.refuse(id, Errno.EINVAL).bytes()));
        MessageDecoder.strandedFd(buffer, length)
                .ifPresent(fd -> device.adopt(fd).close());
    }

    private static String receiveCure(Errno errno) {
        if (errno.equals(Errno.EMFILE)) {
            return "no fd is left for an OPEN, which fails; raise the limit of open files (ulimit -n, LimitNOFILE=)";
        }
        if (errno.equals(Errno.ENFILE)) {
            return "no file is left in the system for an OPEN, which fails; raise fs.file-max";
        }
        return "";
    }

    void accept(OpenRequest request, long size) throws IOException {
        CacheObject object = request.object();
        // Before the kernel can send a READ, which another thread may serve at once.
        object.accepted(size);
        try {
            command(Command.accept(request.id().bits(), size), request.toString());
        } catch (IOException e) {
            drop(object);
            throw e;
        } finally {
            opening.decrementAndGet();
        }
        objects.forgetSize(object);
        CacheWatch watching = watch;
        if (watching != null) {
            watching.opened(object);
        }
    }

    void refuse(OpenRequest request, Errno errno) throws IOException {
        try {
            command(Command.refuse(request.id().bits(), errno), request.toString());
        } finally {
            opening.decrementAndGet();
            drop(request.object());
        }
    }

    private void drop(CacheObject object) {
        objects.remove(object);
        object.end();
    }

    /** The size that the kernel was told before; else that of the file, which differs by less than a page. */
    long sizeForReopen(CacheObject object) {
        OptionalLong size = objects.keptSize(object);
        if (size.isPresent() || !object.tryAcquire()) {
            return size.orElse(0);
        }
        try {
            return Math.max(0, object.fd().file().size());
        } finally {
            object.release();
        }
    }

    /** Gives the last use of an object back, and closes its fd unless a use was taken meanwhile. */
    void closeIfLast(CacheObject object, UseCount uses) {
        objects.closeIfLast(object, uses);
    }

    /**
     * Tells whether the kernel has given the cache up, as it does after an error of the cache's file system. The kernel
     * never says so by itself: poll is silent then, and no request comes any more.
     *
     * <p>Costs one system call that does not block.
     *
     * @return true if the cache is dead: nothing but {@link #close} and {@link #reopen} helps
     * @throws ClosedChannelException if the channel is closed
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_write in
     *      fs/cachefiles/daemon.c</a>
     */
    public boolean isDead() throws ClosedChannelException {
        useDevice();
        try {
            if (!dead && device.write(PROBE.bytes()) == -Errno.EIO.number()) {
                dead = true;
            }
            return dead;
        } finally {
            releaseDevice();
        }
    }

    /**
     * Opens the device and binds the cache again, with the options and the provider of this channel, which must be
     * closed. Mounts of before stay without a cache; they must be unmounted and mounted again.
     *
     * @return a new channel
     * @throws IllegalStateException if this channel is open
     * @throws IOException           if the directory takes no file, which bind would not mind: a cache would only keep
     *     the file system from being repaired; else as in {@link #open(CacheOptions)}
     */
    public CachefilesChannel reopen() throws IOException {
        if (isOpen()) {
            throw new IllegalStateException("the channel is open");
        }
        Path directory = options.directory();
        if (Files.isDirectory(directory)) {
            Files.delete(Files.createTempFile(directory, "writable", null));
        }
        return open(options, provider);
    }

    /**
     * Gives the number of files that this process may have open. Each object that is open takes one. The limit was
     * raised as far as the process may when the channel was opened.
     *
     * @return the limit ({@code RLIMIT_NOFILE}); {@link Long#MAX_VALUE} if it is not known
     */
    public long fileLimit() {
        return fileLimit < 0 ? Long.MAX_VALUE : fileLimit;
    }

    /** Up to where this process may write files, in bytes. */
    long fileSizeLimit() {
        long bytes = fileSizeLimit;
        return bytes < 0 ? Long.MAX_VALUE : bytes;
    }

    /** Raises the limit again, which somebody has lowered since the channel was opened. */
    void raiseFileSizeLimit() {
        fileSizeLimit = provider.raiseFileSizeLimit();
    }

    /**
     * Has the kernel deliver all requests again that are not answered ({@code restore}): for those that another process
     * has read and cannot answer any more, since it is gone.
     *
     * <p>A READ that is being served here comes a second time, and does no harm: of its two answers one counts. An OPEN
     * that is unanswered here would fail; while there is one, this does nothing. {@link OnDemandServer} calls it by
     * itself when it has seen a READ of an object whose fd another process has.
     *
     * @return true if it has; false if an OPEN is unanswered
     * @throws ClosedChannelException if the channel is closed
     * @throws CachefilesException    with {@code EOPNOTSUPP} if the kernel is older than 6.8 and 6.1.95; with
     *     {@code EIO} if the cache is dead
     * @throws IOException            if another error occurs
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_restore in
     *      fs/cachefiles/ondemand.c, Linux 6.8</a>
     */
    public boolean restore() throws IOException {
        long stamp = objects.suspendDelivery();
        try {
            if (opening.get() > 0) {
                return false;
            }
            strays = false;
            command(Command.restore(), "restore");
            return true;
        } finally {
            objects.resumeDelivery(stamp);
        }
    }

    /**
     * Sets what the kernel's module writes into the kernel's log about its own work ({@code debug}). For the whole
     * system, and until it is set again.
     *
     * <p>Needs a kernel built with {@code CONFIG_CACHEFILES_DEBUG}; others take it and write nothing.
     *
     * @param points what to write; empty for nothing
     * @throws ClosedChannelException if the channel is closed
     * @throws CachefilesException    with {@code EIO} if the cache is dead
     * @throws IOException            if another error occurs
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_debug in
     *      fs/cachefiles/daemon.c; section "Debugging"</a>
     */
    public void debug(Set<KernelDebug> points) throws IOException {
        int mask = 0;
        for (KernelDebug point : points) {
            mask |= point.bit();
        }
        command(Command.of("debug", Integer.toString(mask)), "debug");
    }

    boolean hasStrays() {
        return strays;
    }

    /** All objects that are open at this moment. */
    List<CacheObject> objects() {
        return List.copyOf(objects.all());
    }

    /**
     * Gives the objects whose fd is open at this moment. The kernel uses these, and possibly others, whose fd was given
     * back.
     *
     * @return a new list
     */
    public List<CacheObject> openObjects() {
        return objects();
    }

    /**
     * Gives what the cache was bound with.
     *
     * @return the options
     */
    public CacheOptions options() {
        return options;
    }

    /**
     * Tells whether the kernel asks for culling ({@code POLLOUT}): a write or a new file has found less free space than
     * the limit <em>cull</em>, and none since has found as much as <em>run</em>. Freeing space does not end it, only the
     * next write or new file.
     *
     * <p>Costs one system call that does not block. Not to be waited for: it can stay so for long.
     *
     * @return true if it does
     * @throws ClosedChannelException if the channel is closed
     * @throws CachefilesException    if the device cannot be polled
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_poll in
     *      fs/cachefiles/daemon.c; cachefiles_has_space in fs/cachefiles/cache.c</a>
     */
    public boolean isCullingWanted() throws IOException {
        useDevice();
        try {
            int wanted = device.wantsCulling();
            if (wanted < 0) {
                throw new CachefilesException("poll of the device", Errno.ofResult(wanted));
            }
            return wanted > 0;
        } finally {
            releaseDevice();
        }
    }

    /**
     * Makes what culls objects and volumes of this cache.
     *
     * @return a culler, to be closed by the caller, before this channel
     * @throws UnsupportedOperationException if the provider does not offer it
     * @throws CachefilesException           if the directory of the options is not the one that the kernel uses, because
     *     it was replaced since; {@code EACCES} if this process may not read it
     * @throws ClosedChannelException        if the channel is closed
     * @throws IOException                   if another error occurs
     */
    public CacheCuller culler() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return new CacheCuller(CacheTree.open(options.directory(), provider), this::writeIn);
    }

    private int writeIn(int directory, MemorySegment command) {
        try {
            useDevice();
        } catch (ClosedChannelException e) {
            return -Errno.EBADF.number();
        }
        try {
            return device.writeIn(directory, command);
        } finally {
            releaseDevice();
        }
    }

    /** Sets what keeps the cache within limits; null if nothing does. */
    void watch(@Nullable CacheWatch newWatch) {
        watch = newWatch;
    }

    void wrote(long bytes) {
        CacheWatch watching = watch;
        if (watching != null) {
            watching.wrote(bytes);
        }
    }

    /** A write has found no room; whether that may have changed. */
    boolean makeRoom() {
        CacheWatch watching = watch;
        return watching != null && watching.makeRoom();
    }

    TimeSource time() {
        return device.time();
    }

    /** Sets who hears of what is fetched and written; null if no one cares. */
    void observe(@Nullable OnDemandListener listener) {
        observer = listener;
    }

    @Nullable
    OnDemandListener observer() {
        return observer;
    }

    private void command(Command command, String subject) throws IOException {
        useDevice();
        try {
            int result = device.write(command.bytes());
            if (result < 0) {
                Errno errno = Errno.ofResult(result);
                if (errno.equals(Errno.EIO)) {
                    dead = true;
                }
                String cure = errno.equals(Errno.EINVAL)
                        ? "the kernel does not wait for it any more"
                        : errno.equals(Errno.EIO) ? "the cache is dead; see the kernel's log" : "";
                throw new CachefilesException(subject + " (" + command.text() + ")", errno, cure);
            }
        } finally {
            releaseDevice();
        }
    }

    private void clearWakeup() throws IOException {
        useDevice();
        try {
            device.clearWake();
            if (closed.get()) {
                device.wake(); // the call of close() for all the other waiters, which was cleared just now
            }
        } finally {
            releaseDevice();
        }
    }

    private void useDevice() throws ClosedChannelException {
        if (closed.get() || !deviceUses.tryAcquire()) {
            throw new ClosedChannelException();
        }
    }

    private void releaseDevice() {
        if (deviceUses.release()) {
            try {
                device.close();
            } finally {
                deviceClosed.countDown();
            }
        }
    }

    BufferPool buffers() {
        return buffers;
    }

    int pageSize() {
        return device.pageSize();
    }
}
