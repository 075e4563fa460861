// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

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
 * A function of the C library that makes a system call.
 *
 * <p>All have one shape, five numbers. In the calling conventions of Linux on x86-64, aarch64 and riscv64, whole numbers and
 * addresses go into a register each, an {@code int} with its sign extended, variadic or not, and a function does not look
 * at those for which it has no parameter. So one that takes less is called with zeros after it. Of a result that is an
 * {@code int} only the lower half counts. For each shape that differs the JVM would make some ten classes when it is first
 * linked, which takes milliseconds of a start.
 *
 * <p>An address is a number here: the caller sees to it that the memory stays until the call has returned.
 */
final class SystemCall {
    private static final FunctionDescriptor SHAPE =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
    private static final StructLayout CAPTURE_STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = CAPTURE_STATE.byteOffset(PathElement.groupElement("errno"));

    /** Where a thread's calls put their errno; a thread makes one call at a time. */
    static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_STATE));

    private final MethodHandle function;

    /** Links a function by its name. */
    SystemCall(String name) {
        this.function = handle(name);
    }

    /** Gives the handle alone, which is quicker as a constant: {@code long (MemorySegment state, long, long, long, long, long)}. */
    static MethodHandle handle(String name) {
        return downcall(name, SHAPE, CAPTURE_ERRNO);
    }

    /**
     * As {@link #handle(String)}, without the state, so that its errno is lost, on purpose: in code of the quick compiler a
     * call that keeps it takes three times as long. For calls that fail rarely and can be made once more, or whose errno
     * is known.
     */
    static MethodHandle quickHandle(String name) {
        return downcall(name, SHAPE);
    }

    /** Gives the handle of a function in a shape of its own, with the state before it. */
    static MethodHandle handle(String name, FunctionDescriptor shape) {
        return downcall(name, shape, CAPTURE_ERRNO);
    }

    /** As {@link #handle(String, FunctionDescriptor)}, without the state. */
    static MethodHandle quickHandle(String name, FunctionDescriptor shape) {
        return downcall(name, shape);
    }

    @SuppressWarnings("restricted") // the one place where native code is linked
    private static MethodHandle downcall(String name, FunctionDescriptor shape, Linker.Option... options) {
        MemorySegment address = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name));
        return LINKER.downcallHandle(address, shape, options);
    }

    int call(long first) {
        return call(first, 0, 0, 0, 0);
    }

    int call(long first, long second) {
        return call(first, second, 0, 0, 0);
    }

    int call(long first, long second, long third) {
        return call(first, second, third, 0, 0);
    }

    /** Calls a function that gives an {@code int}; gives that, or the negated errno. */
    int call(long first, long second, long third, long fourth, long fifth) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) (long) function.invokeExact(state, first, second, third, fourth, fifth));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Calls a function that gives a number of bytes; gives that, or the negated errno. */
    long transfer(long first, long second, long third, long fourth) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (long) function.invokeExact(state, first, second, third, fourth, 0L));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /**
     * Gives the address of memory that is not this package's own, which must stay until the call has returned.
     *
     * @throws IllegalArgumentException if it is on the heap, where it has no address
     * @throws IllegalStateException    if it is closed already
     */
    static long address(MemorySegment memory) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("the kernel takes native memory only: " + memory);
        }
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("closed already: " + memory);
        }
        return memory.address();
    }

    private static int result(MemorySegment state, int result) {
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

    /** What a downcall throws is about its memory, or a mistake in this package, never an error of the kernel. */
    static Error linkage(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        return t instanceof Error error ? error : new LinkageError("downcall", t);
    }
}
