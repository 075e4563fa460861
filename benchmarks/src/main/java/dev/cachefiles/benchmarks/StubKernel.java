// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageEncoder;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A kernel that costs next to nothing, so that what is measured is the engine: it hands out as many READs as are asked
 * for, of some number of objects in turn and of each from front to back, takes every answer, and keeps no bytes. It
 * checks nothing; that is the fake kernel's part.
 */
final class StubKernel implements DeviceFile, AnonFile {
    static final int READ_LENGTH = 4096;
    private static final long OBJECT_SIZE = 1L << 38;
    private static final int FIRST_FD = 1000;
    private static final int OPCODE_READ = 2;

    private final int objects;
    private final AtomicInteger opensLeft;
    private final AtomicLong opened = new AtomicLong();

    /** READs to hand out. */
    private volatile long wanted;

    private volatile boolean woken;

    /** Those that wait for the device: more than one after a handler that took its time. */
    private final Set<Thread> pollers = ConcurrentHashMap.newKeySet();

    /** READs handed out up to now. */
    private final AtomicLong delivered = new AtomicLong();

    private final AtomicLong answered = new AtomicLong();
    private volatile long awaited = Long.MAX_VALUE;
    private volatile Thread waiter = Thread.currentThread();

    StubKernel(int objects) {
        this.objects = objects;
        this.opensLeft = new AtomicInteger(objects);
    }

    /** Waits until all objects are open. */
    void awaitOpen() {
        while (opened.get() < objects) {
            Thread.onSpinWait();
        }
    }

    /** Has so many READs served; returns when all but the last few, as many as may be in flight, are answered. */
    void serve(int reads, int inFlight) {
        waiter = Thread.currentThread();
        long total = wanted + reads;
        awaited = total - inFlight;
        wanted = total;
        pollers.forEach(LockSupport::unpark);
        while (answered.get() < total - inFlight) {
            LockSupport.park(this);
        }
    }

    @Override
    public int read(MemorySegment buffer) {
        if (opensLeft.get() > 0) {
            return open(buffer, opensLeft.decrementAndGet());
        }
        long number;
        do {
            number = delivered.get();
            if (number == wanted) {
                return 0;
            }
        } while (!delivered.compareAndSet(number, number + 1));
        buffer.set(ValueLayout.JAVA_INT, 0, (int) number);
        buffer.set(ValueLayout.JAVA_INT, 4, OPCODE_READ);
        buffer.set(ValueLayout.JAVA_INT, 8, 32);
        buffer.set(ValueLayout.JAVA_INT, 12, (int) (number % objects));
        buffer.set(ValueLayout.JAVA_LONG, 16, number / objects * READ_LENGTH % OBJECT_SIZE);
        buffer.set(ValueLayout.JAVA_LONG, 24, READ_LENGTH);
        return 32;
    }

    private static int open(MemorySegment buffer, int object) {
        if (object < 0) {
            return 0; // another thread was faster
        }
        byte[] message = MessageEncoder.encode(new Message.Open(
                object, object, FIRST_FD + object, 0, VolumeKey.of("erofs,benchmark"), CookieKey.of("blob-" + object)));
        buffer.copyFrom(MemorySegment.ofArray(message));
        return message.length;
    }

    @Override
    public int write(MemorySegment command) {
        if (command.get(ValueLayout.JAVA_BYTE, 0) == 'c' && command.get(ValueLayout.JAVA_BYTE, 1) == 'o') {
            opened.incrementAndGet(); // copen
        }
        return (int) command.byteSize();
    }

    @Override
    public int await(long timeoutNanos) {
        if (!woken && !isReadable()) {
            pollers.add(Thread.currentThread()); // a new object for who waits only
            try {
                park(timeoutNanos);
            } finally {
                pollers.remove(Thread.currentThread());
            }
        }
        return (woken ? WOKEN : 0) | (isReadable() ? READABLE : 0);
    }

    /** Waits until there is something, but no longer than a time that is not negative. */
    private void park(long timeoutNanos) {
        long deadline = System.nanoTime() + timeoutNanos;
        while (!woken && !isReadable()) {
            if (timeoutNanos < 0) {
                LockSupport.park(this);
                continue;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            LockSupport.parkNanos(this, left);
        }
    }

    private boolean isReadable() {
        return opensLeft.get() > 0 || delivered.get() < wanted;
    }

    @Override
    public void wake() {
        woken = true;
        pollers.forEach(LockSupport::unpark);
    }

    @Override
    public void clearWake() {
        woken = false;
    }

    @Override
    public AnonFile adopt(int fd) {
        return this;
    }

    @Override
    public int pageSize() {
        return READ_LENGTH;
    }

    @Override
    public long pwrite(MemorySegment source, long position) {
        return source.byteSize();
    }

    @Override
    public long seekData(long position) {
        return position;
    }

    @Override
    public long seekHole(long position) {
        return OBJECT_SIZE;
    }

    @Override
    public long size() {
        return OBJECT_SIZE;
    }

    @Override
    public int completeRead(int messageId) {
        if (answered.incrementAndGet() == awaited) {
            LockSupport.unpark(waiter);
        }
        return 0;
    }

    @Override
    public void close() {}
}
