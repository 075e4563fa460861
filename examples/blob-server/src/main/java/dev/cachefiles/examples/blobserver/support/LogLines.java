// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** One line for each thing logged, such as {@code 12:34:56 WARNING OPEN #0 o1 ...}; stack traces only if asked for. */
public final class LogLines extends Formatter {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    /** Held here, since java.util.logging forgets loggers, and their levels, that no one holds. */
    private static final Logger LIBRARY = Logger.getLogger("dev.cachefiles");

    private static volatile boolean logsAll;

    private final boolean stackTraces;

    LogLines(boolean stackTraces) {
        this.stackTraces = stackTraces;
    }

    /**
     * Sends everything that the library logs to standard error in this form.
     *
     * @param verbose whether to log each OPEN and CLOSE too, and stack traces
     */
    public static void install(boolean verbose) {
        logsAll = verbose;
        install();
    }

    /** Installs it again: java.util.logging takes all handlers away as soon as the JVM begins to end. */
    public static void install() {
        boolean verbose = logsAll;
        var console = new ConsoleHandler();
        console.setFormatter(new LogLines(verbose));
        console.setLevel(Level.ALL);
        for (Handler handler : LIBRARY.getHandlers()) {
            LIBRARY.removeHandler(handler);
        }
        LIBRARY.addHandler(console);
        LIBRARY.setUseParentHandlers(false);
        LIBRARY.setLevel(verbose ? Level.FINE : Level.INFO);
    }

    @Override
    public String format(LogRecord logged) {
        var line = new StringBuilder()
                .append(TIME.format(LocalTime.ofInstant(logged.getInstant(), ZoneId.systemDefault())))
                .append(' ')
                .append(logged.getLevel().getName())
                .append(' ')
                .append(formatMessage(logged));
        Throwable thrown = logged.getThrown();
        if (thrown == null) {
            return line.append('\n').toString();
        }
        if (!stackTraces) {
            return line.append(": ").append(thrown).append('\n').toString();
        }
        var stack = new StringWriter();
        thrown.printStackTrace(new PrintWriter(stack, true));
        return line.append('\n').append(stack).toString();
    }
}
