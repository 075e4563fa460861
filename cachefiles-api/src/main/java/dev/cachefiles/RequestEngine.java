// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Runs a handler for one request and answers it: exactly once, whatever the handler does.
 *
 * <p>Safe for use by several threads.
 */
final class RequestEngine {
    private final OnDemandHandler handler;
    private final OnDemandListener listener;

    RequestEngine(OnDemandHandler handler, OnDemandListener listener) {
        this.handler = handler;
        this.listener = listener;
    }

    void serve(Request request) {
        switch (request) {
            case ReadRequest read -> read(read);
            case OpenRequest open -> open(open);
            case CloseRequest close -> close.whenIdle(() -> close(close));
        }
    }

    /** Answers for a handler that does not return; what it answers later is dropped. */
    void abandon(Request request, Throwable cause) {
        switch (request) {
            case ReadRequest read -> {
                if (read.abandon()) {
                    listener.readFailed(read, cause);
                }
            }
            case OpenRequest open -> refuse(open, cause);
            case CloseRequest close -> {}
        }
    }

    private void open(OpenRequest request) {
        long size;
        try {
            size = handler.open(request);
            if (size < 0 && !request.isAnswered()) {
                throw new IllegalArgumentException("the handler returned the size " + size);
            }
        } catch (Throwable t) {
            refuse(request, t);
            return;
        }
        CacheObject object = request.object();
        if (request.claim() && !accept(request, size)) {
            return;
        }
        if (object.size().isEmpty()) {
            return; // the handler has refused it
        }
        listener.opened(request, object.size().getAsLong());
        try {
            handler.opened(object);
        } catch (Throwable t) {
            listener.trouble(t);
        }
    }

    /** Answers a claimed request; where the kernel no longer waits, the handler is told that the object has gone. */
    private boolean accept(OpenRequest request, long size) {
        try {
            request.acceptClaimed(size);
            return true;
        } catch (IOException e) {
            listener.openFailed(request, e);
            close(new CloseRequest(request.id(), request.objectId(), request.object()));
            return false;
        }
    }

    private void refuse(OpenRequest request, Throwable cause) {
        try {
            if (!request.isAnswered()) {
                // Set first: the READ that made the kernel open it again comes as soon as this is accepted.
                request.object().openAgain(request);
                request.refuse(errno(cause));
            }
        } catch (IOException | IllegalStateException e) {
            cause.addSuppressed(e);
        }
        listener.openFailed(request, cause);
    }

    private void read(ReadRequest request) {
        long start = System.nanoTime();
        CacheObject object = request.object();
        // So that CLOSE waits for the handler, also after it has answered by itself. The request holds a use until it
        // is answered, so there is one to be had.
        object.tryAcquire();
        try {
            Throwable failure = fillAndAnswer(request);
            if (request.wasAbandoned()) {
                return;
            }
            if (failure == null) {
                listener.read(request, Duration.ofNanos(System.nanoTime() - start));
            } else {
                listener.readFailed(request, failure);
            }
        } finally {
            object.release();
        }
    }

    /** Returns why the range is not in the cache, or null if it is. */
    private @Nullable Throwable fillAndAnswer(ReadRequest request) {
        try {
            if (request.object().openAgain() != null) {
                openForRead(request.object());
            }
            handler.read(request);
        } catch (Throwable t) {
            if (request.claim()) {
                request.answer(false);
            }
            return t;
        }
        if (request.claim()) {
            request.completeClaimed();
        }
        return request.wasFilled()
                ? null
                : new EOFException("the handler returned, but not all of the range is in the cache");
    }

    /** The handler has failed in a re-OPEN, which could not be refused: it gets another chance before each READ. */
    private void openForRead(CacheObject object) throws IOException {
        synchronized (object) {
            OpenRequest request = object.openAgain();
            if (request == null) {
                return;
            }
            long size = handler.open(request);
            long known = object.size().orElse(size);
            if (size != known) {
                throw new IOException(object + " has " + size + " bytes, but the kernel knows it with " + known);
            }
            object.openAgain(null);
        }
    }

    private void close(CloseRequest request) {
        try {
            handler.close(request);
        } catch (Throwable t) {
            listener.trouble(t);
        } finally {
            request.complete();
        }
        listener.closed(request);
    }

    private static Errno errno(Throwable cause) {
        return switch (cause) {
            case CachefilesException e -> e.errno();
            case NoSuchFileException e -> Errno.ENOENT;
            case FileNotFoundException e -> Errno.ENOENT;
            case AccessDeniedException e -> Errno.EACCES;
            case OutOfMemoryError e -> Errno.ENOMEM;
            default -> Errno.EIO;
        };
    }
}
