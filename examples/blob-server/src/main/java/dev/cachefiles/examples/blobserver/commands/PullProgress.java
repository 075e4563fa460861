// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.control.ControlCommand;
import java.io.Closeable;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;

/** Shows how far a pull has come: a bar that is drawn over and over on a terminal, else a line for each tenth. */
final class PullProgress implements ControlCommand.Reply, Closeable {
    private static final int WIDTH = 30;
    private static final double MIB = 1 << 20;

    private final PrintWriter out;
    private final boolean terminal;
    private String name = "";
    private long lastStep = -1;
    private boolean drawn;

    PullProgress(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    static PullProgress on(PrintWriter out) {
        return new PullProgress(
                out,
                Optional.ofNullable(System.console())
                        .filter(Console::isTerminal)
                        .isPresent());
    }

    @Override
    public void say(String text) {
        endBar();
        out.println(text);
        out.flush();
    }

    @Override
    public void progress(long done, long total, String blob) {
        if (!blob.equals(name)) {
            endBar();
            name = blob;
            lastStep = -1;
        }
        long percent = total == 0 ? 100 : done * 100 / total;
        long step = terminal ? percent : percent / 10;
        if (step <= lastStep) {
            return;
        }
        lastStep = step;
        if (terminal) {
            int full = (int) (percent * WIDTH / 100);
            out.printf(
                    Locale.ROOT,
                    "\r%s [%s%s] %3d%% of %.1f MiB",
                    name,
                    "#".repeat(full),
                    " ".repeat(WIDTH - full),
                    percent,
                    total / MIB);
            drawn = true;
        } else {
            out.printf(Locale.ROOT, "%s: %d%% of %.1f MiB%n", name, percent, total / MIB);
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
