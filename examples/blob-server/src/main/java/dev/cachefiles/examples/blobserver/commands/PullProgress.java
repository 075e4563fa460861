// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.control.ControlCommand;
import dev.cachefiles.examples.blobserver.support.Pace;
import java.io.Closeable;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Shows how far a pull has come, and how fast it is: a bar that is drawn over and over on a terminal, else a line for each
 * tenth.
 */
final class PullProgress implements ControlCommand.Reply, Closeable {
    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 500_000_000;
    private static final double MIB = 1 << 20;

    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier clock;
    private Pace pace = Pace.from(0, 0);
    private String name = "";
    private long lastStep = -1;
    private long lastDrawn;
    private boolean drawn;

    /** Measures by a clock of nanoseconds. */
    PullProgress(PrintWriter out, boolean terminal, LongSupplier clock) {
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
    }

    static PullProgress on(PrintWriter out) {
        return new PullProgress(
                out,
                Optional.ofNullable(System.console())
                        .filter(Console::isTerminal)
                        .isPresent(),
                System::nanoTime);
    }

    @Override
    public void say(String text) {
        endBar();
        out.println(text);
        out.flush();
    }

    @Override
    public void progress(long done, long total, String blob) {
        long now = clock.getAsLong();
        if (blob.equals(name)) {
            pace = pace.at(done, now);
        } else {
            endBar();
            name = blob;
            lastStep = -1;
            pace = Pace.from(done, now);
        }
        long percent = total == 0 ? 100 : done * 100 / total;
        long step = terminal ? percent : percent / 10;
        if (step <= lastStep && !(terminal && now - lastDrawn >= REDRAW_NANOS)) {
            return;
        }
        lastStep = step;
        lastDrawn = now;
        if (terminal) {
            int full = (int) (percent * WIDTH / 100);
            out.printf(
                    Locale.ROOT,
                    "\r%s [%s%s] %3d%% of %.1f MiB%-13s",
                    name,
                    "#".repeat(full),
                    " ".repeat(WIDTH - full),
                    percent,
                    total / MIB,
                    pace);
            drawn = true;
        } else {
            out.printf(Locale.ROOT, "%s: %d%% of %.1f MiB%s%n", name, percent, total / MIB, pace);
        }
        out.flush();
    }

    private void endBar() {
        if (drawn) {
            out.println();
            drawn = false;
        }
    }

    /** Leaves the cursor at the start of a line. */
    @Override
    public void close() {
        endBar();
        out.flush();
    }
}
