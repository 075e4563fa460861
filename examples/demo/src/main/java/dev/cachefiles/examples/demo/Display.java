// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows what happens: a line that moves on a terminal, a line now and then elsewhere.
 *
 * <p>For use by one thread, besides the one that moves the line.
 */
final class Display {
    private static final long TERMINAL_MILLIS = 80;
    private static final long PLAIN_MILLIS = 2000;
    private static final int BAR = 24;
    private static final int LABEL = 10;

    private final PrintStream out;
    private final boolean terminal;
    private final boolean colour;
    private final boolean unicode;

    private @Nullable Thread mover;

    /** How to show things. */
    record Style(boolean terminal, boolean colour, boolean unicode) {}

    /** How far a pass is. */
    record State(long done, long total, long reads) {}

    /** A line of the table in the end. */
    record Row(String name, long files, long bytes, long reads, long fetched, long hits, long nanos) {}

    Display(PrintStream out, Style style) {
        this.out = out;
        this.terminal = style.terminal();
        this.colour = style.colour();
        this.unicode = style.unicode();
    }

    void title(String text) {
        out.println(bold(text));
        out.println();
    }

    /** Shows a fact with its name. */
    void say(String name, String text) {
        out.println("  " + dim(pad(name)) + text);
    }

    /** Shows what is wrong. */
    void complain(String text) {
        out.println("  " + red(pad("FAILED")) + text);
    }

    void blank() {
        out.println();
    }

    /** Shows how far a pass is, until {@link #stop}. */
    void start(String name, Supplier<State> state) {
        mover = Thread.ofPlatform().daemon().name("display").start(() -> {
            try {
                while (true) {
                    if (terminal) {
                        out.print("\r" + line(name, state.get()) + "\u001b[K");
                        out.flush();
                        Thread.sleep(TERMINAL_MILLIS);
                    } else {
                        Thread.sleep(PLAIN_MILLIS);
                        out.println(line(name, state.get()));
                    }
                }
            } catch (InterruptedException e) {
                // stop() wants it.
            }
        });
    }

    /** Shows how the pass has ended. */
    void stop(String name, State state) throws InterruptedException {
        if (mover != null) {
            mover.interrupt();
            mover.join();
            mover = null;
        }
        out.println((terminal ? "\r" : "") + line(name, state) + (terminal ? "\u001b[K" : ""));
    }

    private String line(String name, State state) {
        double share = state.total() == 0 ? 1 : Math.min(1, (double) state.done() / state.total());
        String text = String.format(
                Locale.ROOT,
                "%3d%%  %s of %s %,7d READs",
                (int) (100 * share),
                size(state.done()),
                size(state.total()).strip(),
                state.reads());
        return "  " + dim(pad(name)) + (terminal ? bar(share) + " " : "") + text;
    }

    private String bar(double share) {
        int full = (int) Math.round(share * BAR);
        String done = (unicode ? "━" : "#").repeat(full);
        String rest = (unicode ? "─" : ".").repeat(BAR - full);
        return green(done) + dim(rest);
    }

    /** Shows the table. */
    void table(List<Row> rows) {
        out.println();
        out.println(dim(String.format(
                Locale.ROOT,
                "  %-8s %7s %11s %9s %11s %8s %9s",
                "",
                "files",
                "bytes",
                "READs",
                "fetched",
                "hits",
                "time")));
        for (Row row : rows) {
            out.println(String.format(
                    Locale.ROOT,
                    "  %-8s %,7d %11s %,9d %11s %,8d %7.2f s",
                    row.name(),
                    row.files(),
                    size(row.bytes()).strip(),
                    row.reads(),
                    size(row.fetched()).strip(),
                    row.hits(),
                    row.nanos() / 1e9));
        }
        out.println();
    }

    void success(String text) {
        out.println(green(text));
    }

    /** A number of bytes, as 9 characters. */
    static String size(long bytes) {
        if (bytes < 1024) {
            return String.format(Locale.ROOT, "%7d B", bytes);
        }
        double number = bytes;
        int unit = -1;
        while (number >= 1024 && unit < 3) {
            number /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%5.1f %ciB", number, "KMGT".charAt(unit));
    }

    private static String pad(String name) {
        return String.format(Locale.ROOT, "%-" + LABEL + "s", name);
    }

    private String bold(String text) {
        return paint("1", text);
    }

    private String dim(String text) {
        return paint("2", text);
    }

    private String green(String text) {
        return paint("32", text);
    }

    private String red(String text) {
        return paint("31", text);
    }

    private String paint(String code, String text) {
        return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
