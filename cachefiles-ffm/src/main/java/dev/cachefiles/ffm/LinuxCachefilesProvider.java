// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FileTrial;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Opens the device of the running Linux kernel.
 *
 * <p>Works on 64-bit little-endian Linux: x86-64, aarch64 and riscv64. Safe for use by several threads.
 */
public final class LinuxCachefilesProvider implements CachefilesProvider {

    /** Makes a provider; {@link java.util.ServiceLoader} does so. Makes no native call. */
    public LinuxCachefilesProvider() {}

    /**
     * {@inheritDoc}
     *
     * @throws CachefilesException           with {@code ENOENT} if the kernel has no such device, {@code EPERM} or
     *     {@code EACCES} without the capability {@code CAP_SYS_ADMIN} in the initial user namespace, {@code EBUSY} if
     *     the device is open already, {@code ENOTTY} if it is a file with something in it, or any other errno of open(2)
     * @throws UnsupportedOperationException on another platform, or if native access is denied to this module
     */
    @Override
    public DeviceFile open(Path device) throws IOException {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        int fd = linked(() -> LibC.open(device.toString(), LibC.O_RDWR | LibC.O_CLOEXEC));
        if (fd < 0) {
            Errno errno = Errno.ofResult(fd);
            throw new CachefilesException(device.toString(), errno, cure(errno));
        }
        try {
            checkNotPrecious(fd, device);
            var opened = new LinuxDeviceFile(fd, eventfd());
            // While the program goes on to bind the cache: objects come later.
            Thread.ofPlatform().daemon().name("cachefiles-link").start(LibC::linkAll);
            return opened;
        } catch (CachefilesException e) {
            LibC.close(fd);
            throw e;
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws CachefilesException           with {@code EBADF} if there is no such fd, or it is not open for reading and
     *     writing; with {@code ENOTTY} if it is another file
     * @throws UnsupportedOperationException on another platform, or if native access is denied to this module
     */
    @Override
    public DeviceFile adopt(int fd) throws IOException {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        InheritedFd.check(fd);
        var device = new LinuxDeviceFile(fd, eventfd());
        LibC.setCloseOnExec(fd);
        return device;
    }

    /** The commands would be written over what is in a file. */
    private static void checkNotPrecious(int fd, Path device) throws CachefilesException {
        if (LibC.lseek(fd, 0, LibC.SEEK_END) <= 0) {
            return; // a device has no end, nor has a pipe; to link what tells more takes time at each start
        }
        FileStatus status = LinuxCacheFiles.INSTANCE.status(fd);
        if (status.type() == FileStatus.Type.FILE) {
            throw new CachefilesException(
                    device.toString(), InheritedFd.ENOTTY, "it is a plain file; name the device, /dev/cachefiles");
        }
    }

    private static int eventfd() throws CachefilesException {
        int event = linked(LibC::eventfd);
        if (event < 0) {
            throw new CachefilesException("eventfd", Errno.ofResult(event));
        }
        return event;
    }

    @Override
    public FileTrial tryFiles(Path directory) {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        return linked(() -> new LinuxFileTrial(System.getProperty("os.arch")).run(directory));
    }

    @Override
    public void prepare() {
        try {
            checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
            var ignored = linked(LibC::pageSize);
        } catch (UnsupportedOperationException e) {
            // Said again, to who opens the device.
        }
    }

    @Override
    public long raiseFileLimit() {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        return linked(LibC::raiseFileLimit);
    }

    @Override
    public long raiseFileSizeLimit() {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        return linked(LibC::raiseFileSizeLimit);
    }

    @Override
    public CacheFiles files() {
        checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"), ByteOrder.nativeOrder());
        linked(LibC::pageSize);
        return LinuxCacheFiles.INSTANCE;
    }

    /** The first use of {@link LibC} links it, which may be denied. */
    private static <T> T linked(Supplier<T> call) {
        try {
            return call.get();
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof IllegalCallerException denied) {
                Module module = LibC.class.getModule();
                throw new UnsupportedOperationException(
                        "native access is denied; pass on the command line: --enable-native-access="
                                + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
                        denied);
            }
            throw e;
        }
    }

    static void checkPlatform(String system, String architecture, ByteOrder order) {
        boolean known = architecture.toLowerCase(Locale.ROOT).matches("amd64|x86_64|aarch64|riscv64");
        if (!system.equals("Linux") || !known || order != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("cachefiles needs 64-bit little-endian Linux (x86-64, aarch64,"
                    + " riscv64), but this is " + system + " on " + architecture + ", " + order);
        }
    }

    static String cure(Errno errno) {
        if (errno.equals(Errno.ENOENT) || errno.equals(Errno.ENODEV) || errno.equals(Errno.ENXIO)) {
            return "this kernel offers no cachefiles device; load the module (modprobe cachefiles), or use a kernel with"
                    + " CONFIG_CACHEFILES and CONFIG_CACHEFILES_ONDEMAND";
        }
        if (errno.equals(Errno.EBUSY)) {
            return "another process holds the device, or an fd of its cache; stop it first"
                    + " (systemctl stop cachefilesd, if it is that)";
        }
        if (errno.equals(Errno.EPERM) || errno.equals(Errno.EACCES)) {
            return "the device needs the capability CAP_SYS_ADMIN in the initial user namespace; run as root";
        }
        return "";
    }
}
