// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * Links functions of the C library, and calls them.
 *
 * <p>Nearly all have one of two shapes: a number and two more, or a number, an address and two more numbers. In the
 * calling conventions of Linux on x86-64, aarch64 and riscv64 each of these goes into a register of its own, an {@code
 * int} with its sign extended, variadic or not, and a function does not look at those that it has no parameter for. So a
 * function that takes less is called with zeros after it. For each shape that differs the JVM makes some ten classes when
 * it is linked, which takes milliseconds of a start; for a function more of the same shape next to nothing. Of a result
 * that is an {@code int} only the lower half counts.
 */
final class Functions {
    private static final FunctionDescriptor ON_NUMBERS =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor ON_MEMORY =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
    private static final StructLayout CAPTURE_STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = CAPTURE_STATE.byteOffset(PathElement.groupElement("errno"));

    /** Where a thread's calls put their errno; a thread makes one call at a time. */
    static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_STATE));

    private Functions() {}

    /** A function of up to three numbers: {@code long (MemorySegment state, int, long, long)}. */
    static MethodHandle onNumbers(String name) {
        return downcall(name, ON_NUMBERS, CAPTURE_ERRNO);
    }

    /** One of a number, an address and up to two numbers: {@code long (MemorySegment state, int, MemorySegment, long, long)}. */
    static MethodHandle onMemory(String name) {
        return downcall(name, ON_MEMORY, CAPTURE_ERRNO);
    }

    /** One of another shape. */
    static MethodHandle other(String name, FunctionDescriptor shape) {
        return downcall(name, shape, CAPTURE_ERRNO);
    }

    /**
     * As {@link #onNumbers}, without the state, so that its errno is lost, on purpose: in code of the quick compiler a call
     * that keeps it takes three times as long. For calls that fail rarely and can be made once more, or whose errno is
     * known.
     */
    static MethodHandle quickOnNumbers(String name) {
        return downcall(name, ON_NUMBERS);
    }

    /** As {@link #onMemory}, without the errno as in {@link #quickOnNumbers}. */
    static MethodHandle quickOnMemory(String name) {
        return downcall(name, ON_MEMORY);
    }

    /** As {@link #other}, without the errno as in {@link #quickOnNumbers}. */
    static MethodHandle quickOther(String name, FunctionDescriptor shape) {
        return downcall(name, shape);
    }

    @SuppressWarnings("restricted") // the one place where native code is linked
    private static MethodHandle downcall(String name, FunctionDescriptor shape, Linker.Option... options) {
        MemorySegment address = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name));
        return LINKER.downcallHandle(address, shape, options);
    }

    /** Calls one {@link #onNumbers} that gives an {@code int}. */
    static int call(MethodHandle function, int first, long second, long third) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) (long) function.invokeExact(state, first, second, third));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Calls one {@link #onMemory} that gives an {@code int}. */
    static int call(MethodHandle function, int first, MemorySegment memory, long third, long fourth) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) (long) function.invokeExact(state, first, memory, third, fourth));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Calls one {@link #onMemory} that gives a number of bytes. */
    static long transfer(MethodHandle function, int fd, MemorySegment memory, long offset) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (long) function.invokeExact(state, fd, memory, memory.byteSize(), offset));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    static int result(MemorySegment state, int result) {
        return result >= 0 ? result : -errno(state);
    }

    static long result(MemorySegment state, long result) {
        return result >= 0 ? result : -errno(state);
    }

    private static int errno(MemorySegment state) {
        int errno = state.get(JAVA_INT, ERRNO);
        assert errno > 0 : "a failed call without an errno would read as a success";
        return errno;
    }

    /** What a downcall throws is a mistake in this package, never an error of the kernel. */
    static Error linkage(Throwable t) {
        return t instanceof Error error ? error : new LinkageError("downcall", t);
    }
}
