// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a handler for one request and answers it: exactly once, whatever the handler does.
 *
 * <p>Safe for use by several threads.
 */
abstract class RequestEngine {
    final LoggingListener listener;

    /** Is told of each request for which the handler was run, when it has returned. */
    private final Consumer<PendingRequest> returned;

    RequestEngine(LoggingListener listener, Consumer<PendingRequest> returned) {
        this.listener = listener;
        this.returned = returned;
    }

    /** Calls the handler and answers; {@link #returned} follows, perhaps from another thread. Throws nothing. */
    abstract void run(PendingRequest request);

    /** Tells the handler that an object is gone for which no CLOSE will come. Throws nothing. */
    abstract void forget(CacheObject object);

    void returned(PendingRequest request) {
        returned.accept(request);
    }

    /** Answers in the handler's place, and tells it so. */
    void cancel(PendingRequest request, Throwable cause) {
        if (!request.claim()) {
            return;
        }
        try {
            request.cancelClaimed();
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
        report(request.request(), cause);
        try {
            request.tellHandler();
        } catch (Throwable t) {
            listener.trouble(t);
        }
    }

    private void report(Request request, Throwable cause) {
        switch (request) {
            case OpenRequest open -> listener.openFailed(open, cause);
            case ReadRequest read -> listener.readFailed(read, cause);
            case CloseRequest close -> {
                listener.trouble(cause);
                listener.closed(close);
            }
        }
    }

    /** The handler knows the size. Returns whether the kernel has it now. */
    final boolean openReturned(OpenRequest request, long size) {
        CacheObject object = request.object();
        if (size < 0 && !request.isAnswered()) {
            openFailed(request, new IllegalArgumentException("the handler returned the size " + size));
            return false;
        }
        if (request.claim()) {
            if (!accept(request, size)) {
                return false;
            }
        } else if (request.isCancelled()) {
            listener.late(request);
            if (!object.isOpen()) {
                forget(object);
            } else if (object.openAgain() == request && object.size().orElse(size) == size) {
                object.openAgain(null);
            }
            return false;
        }
        if (object.size().isEmpty()) {
            return false; // the handler has refused it
        }
        listener.opened(request, object.size().getAsLong());
        return true;
    }

    /** Answers a claimed request; where the kernel no longer waits, the handler is told that the object has gone. */
    private boolean accept(OpenRequest request, long size) {
        try {
            request.acceptClaimed(size);
            return true;
        } catch (IOException e) {
            listener.openFailed(request, e);
            forget(request.object());
            return false;
        }
    }

    final void openFailed(OpenRequest request, Throwable cause) {
        if (request.isCancelled()) {
            listener.late(request);
            return;
        }
        try {
            boolean reopen = request.isReopen();
            if (request.claim()) {
                if (reopen) {
                    // Set first: the READ that made the kernel open it again comes as soon as this is accepted.
                    request.object().openAgain(request);
                }
                request.refuseClaimed(errno(cause), reopen);
            } else if (request.isCancelled()) {
                listener.late(request);
                return;
            }
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
        listener.openFailed(request, cause);
    }

    /** The handler was asked for the size before a READ, since it had failed in the re-OPEN. */
    final void openedAgain(CacheObject object, long size) throws IOException {
        long known = object.size().orElse(size);
        if (size != known) {
            throw new IOException(object + " has " + size + " bytes, but the kernel knows it with " + known);
        }
        object.openAgain(null);
    }

    /** The handler has returned or failed. */
    final void readReturned(ReadRequest request, @Nullable Throwable failure) {
        if (request.claim()) {
            if (failure == null) {
                request.completeClaimed();
            } else {
                request.failClaimed();
            }
        } else if (request.isCancelled()) {
            listener.late(request);
            return;
        }
        if (failure == null && request.wasServed()) {
            if (listener.hearsOfReads()) {
                listener.read(request, request.elapsed());
            }
            if (request.object().isProbablyComplete() && request.object().hasBecomeComplete()) {
                listener.complete(request.object());
            }
        } else {
            listener.readFailed(request, failure != null ? failure : notFilled());
        }
    }

    private static EOFException notFilled() {
        return new EOFException("the handler returned, but not all of the range is in the cache");
    }

    /** The handler has returned or failed. */
    final void closeReturned(CloseRequest request, @Nullable Throwable failure) {
        boolean cancelled = request.isCancelled();
        request.complete();
        if (failure != null && !cancelled) {
            listener.trouble(failure);
        }
        if (cancelled) {
            listener.late(request);
        } else {
            listener.closed(request);
        }
    }

    /** What the user's code has thrown, without what a stage has wrapped around it. */
    static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : null;
        return cause == null ? thrown : cause;
    }

    private static Errno errno(Throwable cause) {
        return switch (cause) {
            case CachefilesException e -> e.errno();
            case NoSuchFileException e -> Errno.ENOENT;
            case FileNotFoundException e -> Errno.ENOENT;
            case AccessDeniedException e -> Errno.EACCES;
            case OutOfMemoryError e -> Errno.ENOMEM;
            case CancellationException e -> Errno.ECANCELED;
            default -> Errno.EIO;
        };
    }
}
