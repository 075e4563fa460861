// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What has happened, for tests to look at. Guarded by the kernel's lock, except for misuse, which has its own. */
final class Journal {

    /** How many commands and answers are kept: a long run must not fill the memory. */
    private static final int KEPT = 10_000;

    private final Deque<String> commands = new ArrayDeque<>();
    private final Deque<KernelAnswer> answers = new ArrayDeque<>();
    private final List<String> misuse = new ArrayList<>();

    long opens;
    long reads;
    long closes;
    long deviceReads;
    long emptyDeviceReads;
    long deviceWaits;
    long writes;
    long misalignedWrites;
    long bytesWritten;
    long refusedAnswers;

    void command(String command) {
        keep(commands, command);
    }

    List<String> commands() {
        return List.copyOf(commands);
    }

    void answer(KernelAnswer answer) {
        keep(answers, answer);
    }

    List<KernelAnswer> answers() {
        return List.copyOf(answers);
    }

    private static <T> void keep(Deque<T> last, T item) {
        if (last.size() == KEPT) {
            last.remove();
        }
        last.add(item);
    }

    /** Records a call that breaks the rules of the seam; to be thrown by the caller. */
    AssertionError misuse(String what) {
        synchronized (misuse) {
            misuse.add(what);
        }
        return new AssertionError(what);
    }

    List<String> misuse() {
        synchronized (misuse) {
            return List.copyOf(misuse);
        }
    }

    KernelCounters counters() {
        return new KernelCounters(
                opens,
                reads,
                closes,
                deviceReads,
                emptyDeviceReads,
                deviceWaits,
                writes,
                misalignedWrites,
                bytesWritten,
                refusedAnswers);
    }
}
