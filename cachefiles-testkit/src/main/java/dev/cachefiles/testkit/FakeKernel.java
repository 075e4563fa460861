// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A kernel made of Java objects, with a device for the daemon and mounts for readers.
 *
 * <p>To be given to {@link dev.cachefiles.CachefilesChannel#open(dev.cachefiles.CacheOptions, CachefilesProvider)} in
 * place of the real one. What is cached stays in it when mounts and daemons go, so that a test can start a second
 * daemon on the same kernel. No file of the machine is touched; directories need not exist.
 *
 * <p>Safe for use by several threads.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "On-demand Read"</a>
 */
public final class FakeKernel implements CachefilesProvider {
    private final KernelCore core;
    private final MountTable mounts;
    private final FakeDisk disk;
    private final FakeProcess process;
    private final FakeFaults faults;
    private @Nullable FakeCache cache;

    FakeKernel(Settings settings) {
        this.core = new KernelCore(settings);
        this.mounts = new MountTable(core);
        this.disk = new FakeDisk(core, this::failCache);
        this.process = new FakeProcess(core);
        this.faults = new FakeFaults(core);
    }

    /**
     * Makes a kernel with the defaults of {@link FakeKernelBuilder}.
     *
     * @return the kernel
     */
    public static FakeKernel create() {
        return builder().build();
    }

    /**
     * Starts to make a kernel.
     *
     * @return a builder
     */
    public static FakeKernelBuilder builder() {
        return new FakeKernelBuilder();
    }

    /**
     * Opens the device, which has any path.
     *
     * @param device the path, for messages only
     * @return the open device, owned by the caller
     * @throws CachefilesException with {@code EBUSY} if the device is open, or an anonymous fd of an earlier open is;
     *     or with the error of {@link FakeFaults#onOpen}
     */
    @Override
    public DeviceFile open(Path device) throws CachefilesException {
        return locked(() -> {
            if (cache != null && !cache.isGone()) {
                throw new CachefilesException(
                        device.toString(),
                        Errno.EBUSY,
                        "another process holds the device, or an fd of a cache that has ended; stop it first"
                                + " (systemctl stop cachefilesd)");
            }
            int error = core.faults.error(FaultScript.Point.OPEN_DEVICE);
            if (error != 0) {
                throw new CachefilesException(device.toString(), Errno.ofResult(error));
            }
            cache = new FakeCache(core);
            return new FakeDevice(core, new OpenDevice(core, cache));
        });
    }

    /**
     * Takes over a device that {@link InheritedFds#deviceFd} has given a number.
     *
     * @param fd the number
     * @return the open device, owned by the caller
     * @throws CachefilesException with {@code EBADF} if the process was not started with such an fd
     */
    @Override
    public DeviceFile adopt(int fd) throws CachefilesException {
        return locked(() -> {
            OpenDevice device = core.process.takeInherited(fd);
            if (device == null) {
                throw new CachefilesException("fd " + fd, Errno.EBADF, "the process was not started with it");
            }
            return new FakeDevice(core, device);
        });
    }

    /**
     * Gives what {@link FakeProcess#limitFds} has set.
     *
     * @return the number of files that the daemon may have open
     */
    @Override
    public long raiseFileLimit() {
        return locked(core.process::fdLimit);
    }

    /**
     * Raises what {@link FakeProcess#limitFileSize(long, long)} has set.
     *
     * @return bytes up to which the daemon may write files
     */
    @Override
    public long raiseFileSizeLimit() {
        return locked(core.process::raiseFileSizeLimit);
    }

    /**
     * Gives the way to the files of caches, as a daemon sees them. There are no others.
     *
     * @return the calls
     */
    @Override
    public CacheFiles files() {
        return core.files;
    }

    /**
     * Gives the disk that the cache lies on.
     *
     * @return the disk
     */
    public FakeDisk disk() {
        return disk;
    }

    /**
     * Gives the process of the daemon.
     *
     * @return the process
     */
    public FakeProcess process() {
        return process;
    }

    /**
     * Gives what makes single calls go wrong.
     *
     * @return the faults
     */
    public FakeFaults faults() {
        return faults;
    }

    // Time

    /**
     * Gives the clock by which the daemon measures deadlines and pauses.
     *
     * @return the machine's, or one that stands still
     */
    public TimeSource time() {
        return core.time;
    }

    /**
     * Moves the clock, and wakes those whose time has come. They may not have run when this returns.
     *
     * @param time how far, not negative
     * @throws IllegalArgumentException if {@code time} is negative
     * @throws IllegalStateException    if this kernel has no {@link FakeKernelBuilder#virtualTime}
     */
    public void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("cannot go back by " + time);
        }
        virtualTime().advance(time);
    }

    /**
     * Waits until so many threads sleep on the clock, so that {@link #advance} will wake those whose time it makes come.
     * A wait for the device counts if it has a time limit.
     *
     * @param count number of threads, at least
     * @throws HungReaderError       if that does not happen in time, or the thread is interrupted
     * @throws IllegalStateException if this kernel has no {@link FakeKernelBuilder#virtualTime}
     */
    public void awaitSleepers(int count) {
        boolean found;
        try {
            found = virtualTime().awaitSleepers(count, core.settings.patience());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            found = false;
        }
        if (!found) {
            throw new HungReaderError("waited " + core.settings.patience() + " for " + count + " sleeping threads");
        }
    }

    private VirtualTime virtualTime() {
        if (core.time instanceof VirtualTime virtual) {
            return virtual;
        }
        throw new IllegalStateException("this kernel's clock is the machine's; build it with virtualTime()");
    }

    // Readers

    /**
     * Mounts an image of one blob, without a domain. Waits until the daemon has answered the OPEN.
     *
     * @param fsid the name of the blob
     * @return the mount
     * @throws IOException     as in {@link #mount(MountSpec)}
     * @throws HungReaderError if the daemon does not answer in time
     */
    public FakeMount mount(String fsid) throws IOException {
        return mount(MountSpec.of(fsid));
    }

    /**
     * Mounts an image. Waits until the daemon has answered the OPENs, which are sent one after the other.
     *
     * @param domain  the domain, within which blobs are shared by mounts
     * @param fsid    the name of the primary blob
     * @param devices the names of further blobs
     * @return the mount
     * @throws IOException     as in {@link #mount(MountSpec)}
     * @throws HungReaderError if the daemon does not answer in time
     */
    public FakeMount mount(String domain, String fsid, String... devices) throws IOException {
        MountSpec spec = MountSpec.of(fsid).domain(domain);
        for (String device : devices) {
            spec = spec.device(device);
        }
        return mount(spec);
    }

    /**
     * Mounts an image. Waits until the daemon has answered the OPENs, which are sent one after the other; and before
     * that, until it has read the CLOSEs of an earlier mount of the same volume. An interrupt does not end the wait.
     *
     * @param spec what to mount
     * @return the mount
     * @throws IllegalArgumentException if a blob's name has 253 to 255 bytes, which stops a real kernel
     * @throws CachefilesException      with {@code ENOBUFS} if the daemon refuses an OPEN or does so by mistake, if no
     *     cache is bound, there is no space for a new blob, or the volume's name has a slash or more than 248 bytes;
     *     {@code EBUSY} if the fsid is mounted without a domain; {@code EEXIST} if it is mounted in the domain;
     *     {@code ENOMEM} from 250 bytes on; {@code EINVAL} if a name is empty; {@code EIO} if the cache is bound without
     *     the on-demand mode
     * @throws IOException              if another error occurs
     * @throws HungReaderError          if the daemon does not answer in time
     */
    public FakeMount mount(MountSpec spec) throws IOException {
        return locked(() -> new FakeMount(core, mounts, spec, mounts.mount(spec)));
    }

    /**
     * Mounts an image of one blob in a thread of its own.
     *
     * @param fsid the name of the blob
     * @return the mount; completed exceptionally with what {@link #mount(MountSpec)} throws
     */
    public CompletableFuture<FakeMount> mountAsync(String fsid) {
        return mountAsync(MountSpec.of(fsid));
    }

    /**
     * Mounts an image in a thread of its own.
     *
     * @param spec what to mount
     * @return the mount; completed exceptionally with what {@link #mount(MountSpec)} throws
     */
    public CompletableFuture<FakeMount> mountAsync(MountSpec spec) {
        return Async.start("fake-mount", () -> mount(spec));
    }

    // What tests look at

    /**
     * Gives the requests that are not answered; of those a CLOSE is answered when it is read.
     *
     * @return the requests, by message id
     */
    public List<KernelRequest> unanswered() {
        return locked(() -> pending().stream().map(PendingRequest::view).toList());
    }

    /**
     * Gives the requests that have ended.
     *
     * @return the last 10,000 requests in the order of their ends, with who has answered them and how
     */
    public List<KernelAnswer> answers() {
        return locked(core.journal::answers);
    }

    /**
     * Gives the commands that the daemon has written.
     *
     * @return the last 10,000 commands in their order, also those that were refused
     */
    public List<String> commands() {
        return locked(core.journal::commands);
    }

    /**
     * Gives the numbers of what has happened.
     *
     * @return a snapshot
     */
    public KernelCounters counters() {
        return locked(core.journal::counters);
    }

    /**
     * Gives the number of anonymous fds that the daemon has open.
     *
     * @return the number
     */
    public int openFds() {
        return locked(core.process::openFds);
    }

    /**
     * Tells whether the kernel wants blobs culled: poll reports {@code POLLOUT} on the device. That begins when a write
     * or a new file finds less free space than the limit {@code bcull} or {@code fcull} demands; and ends when a later
     * one finds as much as {@code brun} and {@code frun} do.
     *
     * @return true while it does
     */
    public boolean isCullingWanted() {
        return locked(() -> cache != null && cache.isCulling());
    }

    /**
     * Tells whether the device cannot be opened: it is open, or an anonymous fd is.
     *
     * @return true while an open would fail with {@code EBUSY}
     */
    public boolean isDeviceBusy() {
        return locked(() -> cache != null && !cache.isGone());
    }

    /**
     * Waits until the daemon has taken at least so many OPENs and READs that it has not answered.
     *
     * @param count number of requests
     * @throws HungReaderError if that does not happen in time
     */
    public void awaitDelivered(int count) {
        await(
                () -> pending().stream()
                                .filter(request -> request.view().delivered())
                                .count()
                        >= count,
                () -> count + " delivered requests");
    }

    /**
     * Waits until every request is answered, CLOSEs included.
     *
     * @throws HungReaderError if that does not happen in time
     */
    public void awaitAllAnswered() {
        await(() -> pending().isEmpty(), () -> "the answers to " + pending());
    }

    /**
     * Waits until the daemon has a number of anonymous fds open. It closes one some time after it has read a CLOSE.
     *
     * @param count number of fds
     * @throws HungReaderError if that does not happen in time
     */
    public void awaitOpenFds(int count) {
        await(() -> core.process.openFds() == count, () -> count + " open fds; open are " + core.process);
    }

    /** Gives the number of directories and files of caches that the daemon has open. */
    int openDirectories() {
        return core.files.openHandles();
    }

    /** Gives the calls that have broken the rules of the seam. */
    List<String> misuse() {
        return core.journal.misuse();
    }

    /** Gives the requests that are not answered, with who has them. */
    List<String> pendingRequests() {
        return locked(() -> pending().stream().map(PendingRequest::toString).toList());
    }

    /** With the kernel's lock held. */
    private void failCache() {
        if (cache != null) {
            cache.die();
        }
    }

    private void await(BooleanSupplier until, Supplier<String> what) {
        locked(() -> {
            if (!core.awaitUnkillably(core.changed, until)) {
                throw new HungReaderError("waited " + core.settings.patience() + " for " + what.get());
            }
            return null;
        });
    }

    private List<PendingRequest> pending() {
        return cache == null ? List.of() : cache.unanswered();
    }

    /** A call that may fail with one kind of exception, or with none that is checked. */
    private interface Action<T extends @Nullable Object, E extends Exception> {
        T run() throws E;
    }

    private <T extends @Nullable Object, E extends Exception> T locked(Action<T, E> action) throws E {
        core.lock.lock();
        try {
            return action.run();
        } finally {
            core.lock.unlock();
        }
    }
}
