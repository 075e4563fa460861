// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.TransientException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, taken by the thread that asked: the bytes go from the client's buffers to where they belong, and
 * nothing writes there after that thread has given up.
 *
 * <p>The server is slowed down when the thread does not take: at most {@value #AHEAD} batches wait.
 */
final class Body implements HttpResponse.BodySubscriber<Body>, AutoCloseable {
    private static final int AHEAD = 4;

    /** What the client has said: bytes, the end, or a failure. */
    private record Event(
            List<ByteBuffer> bytes, boolean end, @Nullable Throwable failure) {}

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Body> ready = CompletableFuture.completedFuture(this);
    private final String what;
    private final Duration patience;

    private Flow.@Nullable Subscription subscription;
    private boolean closed;

    // Of the thread that takes.
    private List<ByteBuffer> batch = List.of();
    private int next;
    private boolean ended;

    /**
     * Makes a body.
     *
     * @param what     the request, for messages
     * @param patience the longest time without a byte
     */
    Body(String what, Duration patience) {
        this.what = what;
        this.patience = patience;
    }

    @Override
    public CompletionStage<Body> getBody() {
        return ready;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        boolean late;
        synchronized (this) {
            late = closed || subscription != null;
            if (!late) {
                subscription = given;
            }
        }
        if (late) {
            given.cancel();
        } else {
            given.request(AHEAD);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        events.add(new Event(bytes, false, null));
    }

    @Override
    public void onError(Throwable failure) {
        events.add(new Event(List.of(), true, failure));
    }

    @Override
    public void onComplete() {
        events.add(new Event(List.of(), true, null));
    }

    /** Fills memory; fails if the body ends before. */
    void fill(MemorySegment target) throws IOException {
        long done = 0;
        while (done < target.byteSize()) {
            ByteBuffer bytes = take();
            if (bytes == null) {
                throw truncated(done, target.byteSize());
            }
            int length = (int) Math.min(bytes.remaining(), target.byteSize() - done);
            ByteBuffer part = bytes.slice(bytes.position(), length);
            MemorySegment.copy(MemorySegment.ofBuffer(part), 0, target, done, length);
            bytes.position(bytes.position() + length);
            done += length;
        }
    }

    /** Passes over bytes; fails if the body ends before. */
    void skip(long count) throws IOException {
        long done = 0;
        while (done < count) {
            ByteBuffer bytes = take();
            if (bytes == null) {
                throw truncated(done, count);
            }
            int length = (int) Math.min(bytes.remaining(), count - done);
            bytes.position(bytes.position() + length);
            done += length;
        }
    }

    /** Tells whether the body ends here; waits until that is known. */
    boolean isAtEnd() throws IOException {
        return take() == null;
    }

    /** Gives all that is left, or fails if that is more than a limit. */
    byte[] all(int limit) throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (ByteBuffer part = take(); part != null; part = take()) {
            if (part.remaining() > limit - bytes.size()) {
                throw new IOException(what + ": the answer has more than " + limit + " bytes");
            }
            byte[] copy = new byte[part.remaining()];
            part.get(copy);
            bytes.writeBytes(copy);
        }
        return bytes.toByteArray();
    }

    private TransientException truncated(long done, long wanted) {
        return new TransientException(
                what + ": the body was truncated: it ended after " + done + " of " + wanted + " bytes");
    }

    /** The next buffer with bytes, which the caller moves on in; null at the end. */
    private @Nullable ByteBuffer take() throws IOException {
        while (true) {
            while (next < batch.size()) {
                ByteBuffer bytes = batch.get(next);
                if (bytes.hasRemaining()) {
                    return bytes;
                }
                next++;
            }
            if (ended) {
                return null;
            }
            Event event = await();
            if (event.failure() != null) {
                throw new TransientException(
                        what + ": the connection was lost in the middle of the body: " + Causes.text(event.failure()),
                        event.failure());
            }
            ended = event.end();
            batch = event.bytes();
            next = 0;
            request();
        }
    }

    private void request() {
        Flow.Subscription given;
        synchronized (this) {
            given = subscription;
        }
        if (given != null && !ended) {
            given.request(1);
        }
    }

    private Event await() throws IOException {
        Deadline deadline = Deadline.current();
        deadline.check();
        try {
            Event event = events.poll(deadline.atMost(patience).toNanos(), TimeUnit.NANOSECONDS);
            if (event != null) {
                return event;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted: no one waits for these bytes any more");
        }
        deadline.check();
        throw new TransientException(what + ": the server has sent nothing for " + patience.toMillis() + " ms");
    }

    /** Ends the request, unless the body has been taken to its end. */
    @Override
    public void close() {
        Flow.Subscription given;
        synchronized (this) {
            closed = true;
            given = subscription;
        }
        if (given != null && !ended) {
            given.cancel();
        }
    }
}
