// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.testkit.FaultScript.Fault;
import dev.cachefiles.testkit.FaultScript.Point;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Makes single calls of the daemon go wrong. Calls are counted from the moment at which the fault is set, 1 being the
 * next; each fault happens once:
 *
 * {@snippet class="dev.cachefiles.testkit.FaultsTest" region="usage"}
 *
 * <p>Safe for use by several threads.
 */
public final class FakeFaults {
    private final KernelCore core;

    FakeFaults(KernelCore core) {
        this.core = core;
    }

    /**
     * Chooses an open of the device.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     * @throws IllegalArgumentException if {@code nth} is not positive; so also in the other methods
     */
    public Call onOpen(int nth) {
        return on(Point.OPEN_DEVICE, nth, Call::new);
    }

    /**
     * Chooses a read of the device. One that fails takes no message.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Call onDeviceRead(int nth) {
        return on(Point.READ_DEVICE, nth, Call::new);
    }

    /**
     * Chooses a command. One that fails has no effect.
     *
     * @param verb the command's first word, such as {@code bind}
     * @param nth  which one with this verb from now, 1 being the next
     * @return what to do to it
     */
    public Call onCommand(String verb, int nth) {
        return on(Objects.requireNonNull(verb, "verb"), nth, Call::new);
    }

    /**
     * Chooses a wait for the device.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Wait onWait(int nth) {
        return on(Point.AWAIT, nth, Wait::new);
    }

    /**
     * Chooses a write to an anonymous fd.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Write onWrite(int nth) {
        return on(Point.WRITE, nth, Write::new);
    }

    /**
     * Chooses a seek on an anonymous fd, for data, a hole or the size.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Call onSeek(int nth) {
        return on(Point.SEEK, nth, Call::new);
    }

    /**
     * Chooses a READ_COMPLETE. One that fails leaves its READ unanswered.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Call onComplete(int nth) {
        return on(Point.COMPLETE, nth, Call::new);
    }

    /**
     * Chooses a wake-up of those who wait for the device.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public WakeUp onWakeUp(int nth) {
        return on(Point.WAKE_UP, nth, WakeUp::new);
    }

    /**
     * Chooses a message on its way to the daemon.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to it
     */
    public Delivery onMessage(int nth) {
        return on(Point.MESSAGE, nth, Delivery::new);
    }

    /**
     * Chooses a READ that the kernel sends for a reader.
     *
     * @param nth which one from now, 1 being the next
     * @return what to do to its reader
     */
    public Reader onRead(int nth) {
        return on(Point.READ, nth, Reader::new);
    }

    /**
     * Delivers a message of any bytes, before all others.
     *
     * @param message the bytes, at most 1024
     */
    public void inject(byte[] message) {
        locked(() -> {
            core.faults.inject(message);
            core.pollers.wakeAll();
            return message;
        });
    }

    /**
     * Delivers messages in any order from now on. A daemon may rely on no order but that of an object's OPEN and the READs
     * that are sent after its answer.
     *
     * @param seed what the order follows from
     */
    public void shuffleMessages(long seed) {
        locked(() -> {
            core.faults.shuffle(seed);
            return seed;
        });
    }

    /**
     * Gives the faults that have not happened yet.
     *
     * @return what is to happen to which call, in words
     */
    public List<String> left() {
        return locked(core.faults::left);
    }

    private <T> T on(Object point, int nth, Function<Slot, T> actions) {
        if (nth < 1) {
            throw new IllegalArgumentException("call " + nth + " is not in the future; 1 is the next");
        }
        return actions.apply(fault -> locked(() -> {
            core.faults.add(point, nth, fault);
            return fault;
        }));
    }

    private <T> T locked(Supplier<T> action) {
        core.lock.lock();
        try {
            return action.get();
        } finally {
            core.lock.unlock();
        }
    }

    /** Takes the fault for a call. */
    private interface Slot {
        void put(Fault fault);
    }

    /** A call that can fail. */
    public static class Call {
        private final Slot slot;

        private Call(Slot slot) {
            this.slot = slot;
        }

        /**
         * Fails it.
         *
         * @param errno the error
         */
        public void fail(Errno errno) {
            put(new Fault.Fail(Objects.requireNonNull(errno, "errno")));
        }

        void put(Fault fault) {
            slot.put(fault);
        }
    }

    /** A write. */
    public static final class Write extends Call {
        private Write(Slot slot) {
            super(slot);
        }

        /**
         * Lets it write less than it was given.
         *
         * @param bytes how many bytes at most, not negative
         * @throws IllegalArgumentException if {@code bytes} is negative
         */
        public void shorten(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("length " + bytes + " is negative");
            }
            put(new Fault.Shorten(bytes));
        }
    }

    /** A wait for the device. */
    public static final class Wait extends Call {
        private Wait(Slot slot) {
            super(slot);
        }

        /** Ends it at once with nothing, as a signal does. */
        public void interrupt() {
            put(new Fault.Return(0));
        }

        /** Ends it at once as if there were a message. */
        public void wakeForNothing() {
            put(new Fault.Return(DeviceFile.READABLE));
        }
    }

    /** A wake-up. */
    public static final class WakeUp {
        private final Slot slot;

        private WakeUp(Slot slot) {
            this.slot = slot;
        }

        /** Loses it: who waits for the device goes on waiting. */
        public void drop() {
            slot.put(new Fault.DropWakeUp());
        }

        /** Makes it count twice: the wait that follows the one it ends is ended too, as if there were a message. */
        public void repeat() {
            slot.put(new Fault.RepeatWakeUp());
        }
    }

    /** A message on its way to the daemon. */
    public static final class Delivery {
        private final Slot slot;

        private Delivery(Slot slot) {
            this.slot = slot;
        }

        /**
         * Changes its bytes. The request behind it stays what it is.
         *
         * @param alteration from the true bytes to those that the daemon sees, at most 1024; called while the kernel is
         *     locked
         */
        public void alter(UnaryOperator<byte[]> alteration) {
            slot.put(new Fault.Alter(Objects.requireNonNull(alteration, "alteration")));
        }

        /**
         * Loses it, as if the daemon's buffer were not there: the read of the device fails with {@code EFAULT}. The
         * request has failed, or is done if it is a CLOSE; an OPEN's fd is closed.
         */
        public void failToCopy() {
            slot.put(new Fault.FailToCopy());
        }
    }

    /** A reader that waits for a READ. */
    public static final class Reader {
        private final Slot slot;

        private Reader(Slot slot) {
            this.slot = slot;
        }

        /** Kills it as soon as it waits: the daemon never gets to see the READ. */
        public void kill() {
            slot.put(new Fault.KillReader(false));
        }

        /** Kills it when the daemon has read the READ: the answer comes too late. */
        public void killOnceDelivered() {
            slot.put(new Fault.KillReader(true));
        }
    }
}
