// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong, and when: faults wait for the call they belong to, and each happens once.
 *
 * <p>Guarded by the kernel's lock.
 */
final class FaultScript {

    /** Where faults can happen. */
    enum Point {
        OPEN_DEVICE("open of the device"),
        READ_DEVICE("read of the device"),
        COMMAND("command"),
        AWAIT("wait for the device"),
        WRITE("pwrite"),
        SEEK("lseek"),
        COMPLETE("READ_COMPLETE"),
        WAKE_UP("wake-up"),
        MESSAGE("message"),
        READ("READ");

        final String text;

        Point(String text) {
            this.text = text;
        }
    }

    /** What happens. */
    sealed interface Fault {
        record Fail(Errno errno) implements Fault {}

        record Shorten(long bytes) implements Fault {}

        record Return(int ready) implements Fault {}

        record DropWakeUp() implements Fault {}

        record RepeatWakeUp() implements Fault {}

        record Alter(UnaryOperator<byte[]> alteration) implements Fault {}

        record FailToCopy() implements Fault {}

        record KillReader(boolean delivered) implements Fault {}
    }

    /** How often a point was passed, and what is to happen there when. */
    private static final class Schedule {
        long passed;
        final TreeMap<Long, Fault> faults = new TreeMap<>();
    }

    /** By the point, or for one kind of command by its verb. */
    private final Map<Object, Schedule> schedules = new HashMap<>();

    private final Deque<byte[]> injected = new ArrayDeque<>();
    private @Nullable Random order;

    /** Schedules a fault for the nth call from now, 1 being the next. */
    void add(Object point, int nth, Fault fault) {
        Schedule schedule = schedules.computeIfAbsent(point, p -> new Schedule());
        if (schedule.faults.putIfAbsent(schedule.passed + nth, fault) != null) {
            throw new IllegalStateException("two faults for one " + text(point));
        }
    }

    /** Schedules a fault for the first call from now that has none. */
    void addNext(Object point, Fault fault) {
        Schedule schedule = schedules.computeIfAbsent(point, p -> new Schedule());
        long nth = schedule.passed + 1;
        while (schedule.faults.containsKey(nth)) {
            nth++;
        }
        schedule.faults.put(nth, fault);
    }

    /** A call passes a point; what happens to it, or null. */
    @Nullable
    Fault pass(Object point) {
        Schedule schedule = schedules.computeIfAbsent(point, p -> new Schedule());
        schedule.passed++;
        return schedule.faults.remove(schedule.passed);
    }

    /** A call passes a point where it can do nothing but fail; 0 or a negated errno. */
    int error(Object point) {
        return pass(point) instanceof Fault.Fail fail ? KernelCore.error(fail.errno) : 0;
    }

    void inject(byte[] message) {
        injected.add(message.clone());
    }

    boolean hasInjected() {
        return !injected.isEmpty();
    }

    byte @Nullable [] takeInjected() {
        return injected.poll();
    }

    void shuffle(long seed) {
        order = new Random(seed);
    }

    /** What decides which message comes next; null for the kernel's own order. */
    @Nullable
    Random order() {
        return order;
    }

    /** What has not happened yet. */
    List<String> left() {
        List<String> left = new ArrayList<>();
        schedules.forEach((point, schedule) -> schedule.faults.forEach((nth, fault) ->
                left.add(fault + " at " + text(point) + " " + nth + ", after " + schedule.passed + " of them")));
        injected.forEach(message -> left.add("a message of " + message.length + " bytes was not read"));
        return left;
    }

    private static String text(Object point) {
        return point instanceof Point known ? known.text : "command " + point;
    }
}
