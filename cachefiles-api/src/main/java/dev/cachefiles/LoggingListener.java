// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CullReport;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** Writes events to the logger {@code dev.cachefiles}, then passes them on; contains what the next listener throws. */
final class LoggingListener implements OnDemandListener {
    private static final Logger LOG = System.getLogger("dev.cachefiles");

    /** To ask the logger for its level costs more than a READ may. */
    private static final int READS_PER_LOOK = 256;

    private final OnDemandListener next;
    private final boolean listens;

    // Of any thread, and late by some READs for others: nothing depends on them but lines for each READ.
    private int readsUntilLook;
    private boolean traces;

    LoggingListener(OnDemandListener next) {
        this.next = next;
        this.listens = !ServerOptions.NO_LISTENER.equals(next);
    }

    /** Tells whether anyone hears of READs that were served. */
    boolean hearsOfReads() {
        if (readsUntilLook-- <= 0) {
            readsUntilLook = READS_PER_LOOK;
            traces = LOG.isLoggable(Level.TRACE);
        }
        return traces || listens;
    }

    // Events of each READ are passed on without a lambda: in code of the quick compiler it costs more than the event.

    @Override
    public void delivered(Request request) {
        try {
            next.delivered(request);
        } catch (Throwable t) {
            dropped(t);
        }
    }

    @Override
    public void started(Request request) {
        try {
            next.started(request);
        } catch (Throwable t) {
            dropped(t);
        }
    }

    @Override
    public void fetched(CacheObject object, long offset, long length, Duration elapsed) {
        try {
            next.fetched(object, offset, length, elapsed);
        } catch (Throwable t) {
            dropped(t);
        }
    }

    @Override
    public void written(CacheObject object, long offset, long length, Duration elapsed) {
        try {
            next.written(object, offset, length, elapsed);
        } catch (Throwable t) {
            dropped(t);
        }
    }

    @Override
    public void opened(OpenRequest request, long size) {
        LOG.log(Level.DEBUG, () -> request + ": " + size + " bytes");
        pass(() -> next.opened(request, size));
    }

    @Override
    public void openFailed(OpenRequest request, Throwable cause) {
        failed(request, cause);
        pass(() -> next.openFailed(request, cause));
    }

    @Override
    public void read(ReadRequest request, Duration elapsed) {
        if (traces) {
            LOG.log(Level.TRACE, request + ": " + elapsed.toNanos() / 1000 + " us");
        }
        try {
            next.read(request, elapsed);
        } catch (Throwable t) {
            dropped(t);
        }
    }

    @Override
    public void readFailed(ReadRequest request, Throwable cause) {
        failed(request, cause);
        pass(() -> next.readFailed(request, cause));
    }

    @Override
    public void complete(CacheObject object) {
        LOG.log(Level.DEBUG, () -> object + ": all of it is cached");
        pass(() -> next.complete(object));
    }

    @Override
    public void closed(CloseRequest request) {
        LOG.log(Level.DEBUG, request::toString);
        pass(() -> next.closed(request));
    }

    @Override
    public void late(Request request) {
        LOG.log(
                Level.WARNING,
                () -> request + ": the handler has returned after "
                        + request.age().toMillis() + " ms, too late");
        pass(() -> next.late(request));
    }

    @Override
    public void cacheDied(CachefilesException cause) {
        LOG.log(Level.ERROR, () -> describe(cause));
        pass(() -> next.cacheDied(cause));
    }

    @Override
    public void cacheReopened() {
        LOG.log(Level.INFO, "the cache is bound again; images must be mounted again");
        pass(next::cacheReopened);
    }

    @Override
    public void culled(CullReport report) {
        LOG.log(report.enough() ? Level.INFO : Level.WARNING, report::toString);
        LOG.log(
                Level.DEBUG,
                () -> (report.dryRun() ? "would cull: " : "culled: ")
                        + report.culled().stream().map(CachedObject::toString).collect(Collectors.joining(", ")));
        pass(() -> next.culled(report));
    }

    @Override
    public void trouble(Throwable cause) {
        LOG.log(Level.WARNING, () -> describe(cause));
        LOG.log(Level.DEBUG, "with the stack", cause);
        pass(() -> next.trouble(cause));
    }

    /** What can be expected is one line for the operator; anything else is a bug, and needs its stack. */
    private static void failed(Request request, Throwable cause) {
        String line = request + ": " + describe(cause);
        if (cause instanceof IOException || cause instanceof TimeoutException) {
            LOG.log(Level.WARNING, line);
            LOG.log(Level.DEBUG, "with the stack", cause);
        } else {
            LOG.log(Level.WARNING, line, cause);
        }
    }

    /** One line, whatever is in it: messages of exceptions may hold keys, and so what others have chosen. */
    static String describe(Throwable cause) {
        String text = cause instanceof CachefilesException || cause instanceof ProtocolException
                ? String.valueOf(cause.getMessage())
                : cause.toString();
        return text.chars().noneMatch(Character::isISOControl) ? text : Key.printable(text.getBytes(UTF_8));
    }

    private static void pass(Runnable event) {
        try {
            event.run();
        } catch (Throwable t) {
            dropped(t);
        }
    }

    private static void dropped(Throwable thrown) {
        LOG.log(Level.ERROR, "an OnDemandListener threw", thrown);
    }
}
