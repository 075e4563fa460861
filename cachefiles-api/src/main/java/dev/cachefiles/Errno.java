// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static java.util.Map.entry;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error number of Linux, as on x86-64 and aarch64.
 *
 * <p>Immutable and safe for use by several threads.
 *
 * @param number the positive number as in errno(3), from 1 to 4095
 */
public record Errno(int number) {

    /** The largest number that the kernel takes for an error ({@code MAX_ERRNO} in include/linux/err.h). */
    public static final int MAX_NUMBER = 4095;

    /** Operation not permitted. */
    public static final Errno EPERM = new Errno(1);

    /** No such file or directory. */
    public static final Errno ENOENT = new Errno(2);

    /** Interrupted system call. */
    public static final Errno EINTR = new Errno(4);

    /** Input/output error. */
    public static final Errno EIO = new Errno(5);

    /** No such device or address. For a seek: no data, or no hole, at or after the position. */
    public static final Errno ENXIO = new Errno(6);

    /** Bad file descriptor. */
    public static final Errno EBADF = new Errno(9);

    /** Resource temporarily unavailable. */
    public static final Errno EAGAIN = new Errno(11);

    /** Cannot allocate memory. */
    public static final Errno ENOMEM = new Errno(12);

    /** Permission denied. */
    public static final Errno EACCES = new Errno(13);

    /** Bad address. */
    public static final Errno EFAULT = new Errno(14);

    /** Device or resource busy. */
    public static final Errno EBUSY = new Errno(16);

    /** File exists. */
    public static final Errno EEXIST = new Errno(17);

    /** Invalid cross-device link: of a cache, something is mounted inside. */
    public static final Errno EXDEV = new Errno(18);

    /** No such device. */
    public static final Errno ENODEV = new Errno(19);

    /** Not a directory. */
    public static final Errno ENOTDIR = new Errno(20);

    /** Invalid argument. */
    public static final Errno EINVAL = new Errno(22);

    /** Too many open files in the system. */
    public static final Errno ENFILE = new Errno(23);

    /** Too many open files in the process. */
    public static final Errno EMFILE = new Errno(24);

    /** File too large. */
    public static final Errno EFBIG = new Errno(27);

    /** No space left on device. */
    public static final Errno ENOSPC = new Errno(28);

    /** Illegal seek. */
    public static final Errno ESPIPE = new Errno(29);

    /** Read-only file system. */
    public static final Errno EROFS = new Errno(30);

    /** Numerical result out of range. */
    public static final Errno ERANGE = new Errno(34);

    /** File name too long. */
    public static final Errno ENAMETOOLONG = new Errno(36);

    /** Function not implemented. */
    public static final Errno ENOSYS = new Errno(38);

    /** Too many symbolic links; or one where none is followed. */
    public static final Errno ELOOP = new Errno(40);

    /** File descriptor in bad state. */
    public static final Errno EBADFD = new Errno(77);

    /** Message too long. */
    public static final Errno EMSGSIZE = new Errno(90);

    /** Operation not supported. */
    public static final Errno EOPNOTSUPP = new Errno(95);

    /** No buffer space available. In cachefiles: the object has no backing file, or its file system is too full. */
    public static final Errno ENOBUFS = new Errno(105);

    /** Connection timed out. */
    public static final Errno ETIMEDOUT = new Errno(110);

    /** Stale file handle. */
    public static final Errno ESTALE = new Errno(116);

    /** Operation canceled. */
    public static final Errno ECANCELED = new Errno(125);

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            entry(1, "EPERM"),
            entry(2, "ENOENT"),
            entry(4, "EINTR"),
            entry(5, "EIO"),
            entry(6, "ENXIO"),
            entry(9, "EBADF"),
            entry(11, "EAGAIN"),
            entry(12, "ENOMEM"),
            entry(13, "EACCES"),
            entry(14, "EFAULT"),
            entry(16, "EBUSY"),
            entry(17, "EEXIST"),
            entry(18, "EXDEV"),
            entry(19, "ENODEV"),
            entry(20, "ENOTDIR"),
            entry(21, "EISDIR"),
            entry(22, "EINVAL"),
            entry(23, "ENFILE"),
            entry(24, "EMFILE"),
            entry(25, "ENOTTY"),
            entry(27, "EFBIG"),
            entry(28, "ENOSPC"),
            entry(29, "ESPIPE"),
            entry(30, "EROFS"),
            entry(32, "EPIPE"),
            entry(34, "ERANGE"),
            entry(36, "ENAMETOOLONG"),
            entry(38, "ENOSYS"),
            entry(39, "ENOTEMPTY"),
            entry(40, "ELOOP"),
            entry(61, "ENODATA"),
            entry(77, "EBADFD"),
            entry(90, "EMSGSIZE"),
            entry(95, "EOPNOTSUPP"),
            entry(104, "ECONNRESET"),
            entry(105, "ENOBUFS"),
            entry(110, "ETIMEDOUT"),
            entry(111, "ECONNREFUSED"),
            entry(113, "EHOSTUNREACH"),
            entry(116, "ESTALE"),
            entry(122, "EDQUOT"),
            entry(125, "ECANCELED"));

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if {@code number} is not from 1 to {@value #MAX_NUMBER}
     */
    public Errno {
        if (number < 1 || number > MAX_NUMBER) {
            throw new IllegalArgumentException("errno " + number + " is not from 1 to " + MAX_NUMBER);
        }
    }

    /**
     * Gives the errno of a result in the kernel's convention.
     *
     * @param result a negated error number, from -{@value #MAX_NUMBER} to -1
     * @return the errno
     * @throws IllegalArgumentException if {@code result} is outside that range
     */
    public static Errno ofResult(long result) {
        if (result > -1 || result < -MAX_NUMBER) {
            throw new IllegalArgumentException("result " + result + " is no negated errno");
        }
        return new Errno((int) -result);
    }

    /**
     * Gives the symbolic name.
     *
     * @return the name as in errno(3), such as {@code ENOENT}, or {@code errno} for a number without a name here
     */
    public String symbol() {
        return NAMES.getOrDefault(number, "errno");
    }

    /** As a record has it; by hand, since that of a record is made when it is first called, which takes milliseconds. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Errno errno && errno.number == number;
    }

    @Override
    public int hashCode() {
        return number;
    }

    /**
     * Gives the name and the number, such as {@code ENOENT (2)}.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return symbol() + " (" + number + ")";
    }
}
