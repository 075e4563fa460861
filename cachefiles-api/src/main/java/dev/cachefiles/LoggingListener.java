// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/** Writes events to the logger {@code dev.cachefiles}, then passes them on; contains what the next listener throws. */
final class LoggingListener implements OnDemandListener {
    private static final Logger LOG = System.getLogger("dev.cachefiles");

    private final OnDemandListener next;

    LoggingListener(OnDemandListener next) {
        this.next = next;
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
        if (LOG.isLoggable(Level.TRACE)) {
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
    public void closed(CloseRequest request) {
        LOG.log(Level.DEBUG, request::toString);
        pass(() -> next.closed(request));
    }

    @Override
    public void trouble(Throwable cause) {
        LOG.log(Level.WARNING, () -> describe(cause));
        LOG.log(Level.DEBUG, "with the stack", cause);
        pass(() -> next.trouble(cause));
    }

    /** One line is for the operator, the stack for who asks for it; but an exception that says nothing needs both. */
    private static void failed(Request request, Throwable cause) {
        boolean expected = cause instanceof java.io.IOException;
        LOG.log(Level.WARNING, () -> request + ": " + describe(cause));
        LOG.log(expected ? Level.DEBUG : Level.WARNING, "with the stack", cause);
    }

    private static String describe(Throwable cause) {
        return cause instanceof CachefilesException || cause instanceof ProtocolException
                ? String.valueOf(cause.getMessage())
                : cause.toString();
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
