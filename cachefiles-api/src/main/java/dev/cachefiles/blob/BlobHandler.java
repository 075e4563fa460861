// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves the blobs of a {@link BlobResolver}.
 *
 * <p>Asks the resolver at each OPEN and keeps the source until the CLOSE. Bytes that a source has in memory are written
 * from there, others through aligned memory: no further copy is made.
 *
 * <p>A range is fetched once, however many READs ask for it at a time. With what is asked for, more is fetched where
 * that pays, see {@link Amplification}; never what the cache has. Where a reader would notice that it waits for the rest,
 * it is answered before that, and the rest follows, unless it fails or another miss comes for it: so the handler of a
 * READ may go on after it has answered. What a source fails to give beyond the range of a READ never fails that.
 */
public final class BlobHandler implements OnDemandHandler, Closeable {
    private final BlobResolver resolver;
    private final Amplification amplification;
    private final ByteBudget budget;
    private final LongSupplier clock;
    private final @Nullable Prefetch prefetch;
    private final Set<ServedBlob> blobs = ConcurrentHashMap.newKeySet();

    /**
     * Makes a handler with {@linkplain Amplification#STANDARD standard} amplification.
     *
     * @param resolver where the sources come from
     */
    public BlobHandler(BlobResolver resolver) {
        this(resolver, Amplification.STANDARD);
    }

    /**
     * Makes a handler.
     *
     * @param resolver      where the sources come from
     * @param amplification how much more than is asked for may be fetched
     */
    public BlobHandler(BlobResolver resolver, Amplification amplification) {
        this(resolver, amplification, System::nanoTime);
    }

    /**
     * Makes a handler that fetches ahead.
     *
     * @param resolver      where the sources come from
     * @param amplification how much more than is asked for may be fetched for a miss
     * @param prefetch      fetches what no one has asked for; told of each blob and each miss, and not closed
     */
    public BlobHandler(BlobResolver resolver, Amplification amplification, Prefetch prefetch) {
        this(resolver, amplification, System::nanoTime, Objects.requireNonNull(prefetch, "prefetch"));
    }

    /**
     * Makes a handler that measures its sources by a given clock, as a test may want.
     *
     * @param resolver      where the sources come from
     * @param amplification how much more than is asked for may be fetched
     * @param clock         nanoseconds since an arbitrary moment, such as {@link System#nanoTime}; called by several
     *     threads at once
     */
    public BlobHandler(BlobResolver resolver, Amplification amplification, LongSupplier clock) {
        this(resolver, amplification, clock, null);
    }

    private BlobHandler(
            BlobResolver resolver, Amplification amplification, LongSupplier clock, @Nullable Prefetch prefetch) {
        this.resolver = Objects.requireNonNull(resolver, "resolver");
        this.amplification = Objects.requireNonNull(amplification, "amplification");
        this.budget = new ByteBudget(amplification.budget());
        this.clock = Objects.requireNonNull(clock, "clock");
        this.prefetch = prefetch;
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        CacheObject object = request.object();
        String domain = object.volume().domain().orElseGet(() -> object.volume().toString());
        var key = new BlobKey(domain, ByteBuffer.wrap(object.cookie().bytes()));
        long[] size = {0};
        Deadline.during(new RequestDeadline(request), () -> size[0] = open(object, key));
        return size[0];
    }

    private long open(CacheObject object, BlobKey key) throws IOException {
        BlobSource source = resolver.resolve(key);
        try {
            long size = source.size();
            var blob = new ServedBlob(key, source, size, amplification, budget, clock);
            blobs.add(blob);
            object.attach(blob);
            return size;
        } catch (Throwable t) {
            source.close();
            throw t;
        }
    }

    @Override
    public void opened(CacheObject object) throws IOException {
        ServedBlob blob = blob(object);
        if (prefetch != null && blob != null) {
            blob.fetchAhead(prefetch, object.fd());
        }
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        ServedBlob blob = blob(request.object());
        if (blob == null) {
            throw new IOException(request.object() + " has no source");
        }
        CurrentDeadline current = CurrentDeadline.here();
        Deadline before = current.set(new RequestDeadline(request));
        try {
            if (prefetch == null) {
                blob.read(request);
            } else {
                read(request, blob, prefetch);
            }
        } finally {
            current.set(before);
        }
    }

    private static void read(ReadRequest request, ServedBlob blob, Prefetch prefetch) throws IOException {
        prefetch.missBegins();
        try {
            blob.read(request);
        } finally {
            prefetch.missEnds();
        }
    }

    @Override
    public void close(CloseRequest request) throws IOException {
        Optional<CacheObject> object = request.object();
        if (object.isPresent()) {
            ServedBlob blob = blob(object.get());
            if (blob != null && blobs.remove(blob)) {
                blob.close();
            }
        }
    }

    /**
     * Closes all sources. To be called when the server has closed.
     *
     * @throws IOException if a source could not be closed, with all that went wrong as suppressed; all were tried
     */
    @Override
    public void close() throws IOException {
        var failure = new IOException("some sources could not be closed");
        for (ServedBlob blob : blobs) {
            try {
                blob.close();
            } catch (IOException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
        blobs.clear();
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    /** How long the kernel's reader waits. No lambda, which is slow to make in code of the quick compiler. */
    private record RequestDeadline(Request request) implements Deadline {
        @Override
        public long nanosLeft() {
            return request.isCancelled()
                    ? 0
                    : request.timeLeft().map(Duration::toNanos).orElse(Long.MAX_VALUE);
        }
    }

    private static @Nullable ServedBlob blob(CacheObject object) {
        return (ServedBlob) object.attachment();
    }
}
