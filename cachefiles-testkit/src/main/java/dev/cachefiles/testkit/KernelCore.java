// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.spi.TimeSource;
import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * What all parts of one kernel share. One lock guards the whole kernel; methods of its parts are called with the lock
 * held, except those of {@link FakeDevice}, {@link FakeAnonFile}, {@link FakeMount} and {@link FakeKernel}, which take
 * it.
 */
final class KernelCore {
    final Settings settings;
    final ReentrantLock lock = new ReentrantLock();

    /** The clock of the daemon; the kernel's own patience is real time. */
    final TimeSource time;

    final Pollers pollers = new Pollers(this);

    /** Signalled whenever requests, mounts or fds change. */
    final Condition changed = lock.newCondition();

    final Journal journal = new Journal();
    final Disk disk;
    final FakeFiles files;
    final DaemonProcess process = new DaemonProcess();

    /** Anonymous fds of all processes, and how many there can be. */
    int anonFiles;

    int anonFileLimit = Integer.MAX_VALUE;
    final WorkQueue work = new WorkQueue();
    final CacheRecords records = new CacheRecords();
    final FaultScript faults = new FaultScript();

    KernelCore(Settings settings) {
        this.settings = settings;
        this.time = settings.virtualTime() ? new VirtualTime() : TimeSource.system();
        Instant boot = Instant.now();
        long bootNanos = time.nanoTime();
        this.disk = new Disk(settings, () -> boot.plusNanos(time.nanoTime() - bootNanos));
        this.files = new FakeFiles(this);
    }

    boolean has(KernelProfile.Quirk quirk) {
        return settings.profile().has(quirk);
    }

    static int error(Errno errno) {
        return -errno.number();
    }

    long roundDownToPage(long position) {
        return position & -(long) settings.pageSize();
    }

    long roundUpToPage(long position) {
        return roundDownToPage(position + settings.pageSize() - 1);
    }

    /** Waits, whatever interrupts come, as a process in state D; false if the patience ended first. */
    boolean awaitUnkillably(Condition condition, BooleanSupplier until) {
        boolean interrupted = false;
        try {
            long left = settings.patience().toNanos();
            long deadline = System.nanoTime() + left;
            while (!until.getAsBoolean()) {
                if (left <= 0) {
                    return false;
                }
                try {
                    left = condition.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                    left = deadline - System.nanoTime();
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits until an interrupt, which stands for a fatal signal; false if the patience ended first. */
    boolean awaitKillably(Condition condition, BooleanSupplier until) throws InterruptedException {
        long left = settings.patience().toNanos();
        while (!until.getAsBoolean()) {
            if (left <= 0) {
                return false;
            }
            left = condition.awaitNanos(left);
        }
        return true;
    }
}
