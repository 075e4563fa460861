// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a handler whose methods return when the work is done. */
final class BlockingEngine extends RequestEngine {
    private final OnDemandHandler handler;

    BlockingEngine(OnDemandHandler handler, LoggingListener listener, Consumer<PendingRequest> returned) {
        super(listener, returned);
        this.handler = handler;
    }

    @Override
    void run(PendingRequest request) {
        request.enter();
        try {
            // In code of the quick compiler a switch over types costs more than all that is done here.
            if (request instanceof ReadRequest read) {
                readReturned(read, read(read));
            } else {
                runRare(request);
            }
        } finally {
            request.leave();
            returned(request);
        }
    }

    private void runRare(PendingRequest request) {
        switch (request) {
            case OpenRequest open -> open(open);
            case CloseRequest close -> closeReturned(close, close(close));
            case ReadRequest read -> throw new AssertionError(read);
        }
    }

    private void open(OpenRequest request) {
        long size;
        try {
            size = handler.open(request);
        } catch (Throwable t) {
            openFailed(request, t);
            return;
        }
        if (openReturned(request, size)) {
            try {
                handler.opened(request.object());
            } catch (Throwable t) {
                listener.trouble(t);
            }
        }
    }

    private @Nullable Throwable read(ReadRequest request) {
        try {
            if (request.object().openAgain() != null) {
                openForRead(request.object());
            }
            handler.read(request);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    /** The handler has failed in a re-OPEN, which could not be refused: it gets another chance before each READ. */
    private void openForRead(CacheObject object) throws IOException, InterruptedException {
        ReentrantLock opening = object.opening();
        opening.lockInterruptibly();
        try {
            OpenRequest request = object.openAgain();
            if (request != null) {
                openedAgain(object, handler.open(request));
            }
        } finally {
            opening.unlock();
        }
    }

    private @Nullable Throwable close(CloseRequest request) {
        try {
            handler.close(request);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    @Override
    void forget(CacheObject object) {
        CloseRequest request = object.closeRequest();
        closeReturned(request, close(request));
    }
}
