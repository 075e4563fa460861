// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import dev.cachefiles.AnonFd;
import dev.cachefiles.RangeReader;
import dev.cachefiles.ReadRequest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One blob that the kernel has open: fills the holes that its misses lie in.
 *
 * <p>What the cache file has is asked of the file itself, by its holes; nothing that could become stale is kept.
 *
 * <p>Safe for use by several threads. All that is fetched for a miss is fetched by the thread that handles it, so that
 * the CLOSE waits for it.
 */
final class ServedBlob {

    /** Mapped memory is handed on in whole pages; what is left of a blob's end goes through a buffer. */
    private static final long VIEWED = 4096;

    private final BlobKey key;
    private final BlobSource source;
    private final long size;
    private final Flights flights;
    private final LongSupplier clock;

    /** More may be fetched than is asked for, so it matters what a fetch costs. */
    private final boolean measures;

    private final RangeReader reader;
    private volatile Prefetch.@Nullable Job ahead;

    ServedBlob(
            BlobKey key,
            BlobSource source,
            long size,
            Amplification amplification,
            ByteBudget budget,
            LongSupplier clock) {
        this.key = key;
        this.source = source;
        this.size = size;
        this.clock = clock;
        this.reader = (target, position) -> source.read(position, target);
        long largest = Math.min(amplification.largestFill(), source.largestFill());
        this.measures = largest > 0;
        this.flights = new Flights(new FillWindow(size, largest, source.chunkSize()), budget);
    }

    /** Has what no one has asked for fetched, until this is closed. */
    void fetchAhead(Prefetch prefetch, AnonFd fd) throws IOException {
        ahead = prefetch.start(key, source, new AheadSink(source, flights, fd));
    }

    /** Ends what fetches ahead, then closes the source. */
    void close() throws IOException {
        Prefetch.Job job = ahead;
        if (job != null) {
            job.close();
        }
        source.close();
    }

    void read(ReadRequest request) throws IOException {
        long start = request.offset();
        long end = Math.min(start + request.length(), size);
        if (end <= start) {
            throw new EOFException(request + " is beyond the " + size + " bytes of the blob");
        }
        AnonFd fd = request.fd();
        Flight flight = flights.begin(start, end, false);
        while (flight == null) {
            if (fd.isFilled(start, request.length())) {
                return;
            }
            flight = flights.begin(start, end, true);
        }
        Throwable failure = null;
        try {
            fetchOwn(request, flight);
            if (flight.hasRest) {
                fetchRest(request, fd, flight);
            }
        } catch (Throwable t) {
            failure = isMine(t) ? null : t;
            throw t;
        } finally {
            flights.end(flight, failure);
        }
    }

    /** Tells whether a failure is one of this READ alone, which was cancelled, and not of who else wants its range. */
    private static boolean isMine(Throwable t) {
        return t instanceof InterruptedIOException
                || t instanceof ClosedByInterruptException
                || t instanceof Error
                || Thread.currentThread().isInterrupted();
    }

    /** Fetches what the reader waits for, and with it all that costs it no time worth mentioning. */
    private void fetchOwn(ReadRequest request, Flight flight) throws IOException {
        long start = flight.ownStart;
        long end = flight.ownEnd;
        boolean more = flight.busyStart < start || flight.busyEnd > end;
        try {
            fillHoles(request, flight.busyStart, flight.busyEnd, start, end);
        } catch (IOException | RuntimeException e) {
            if (!more || isMine(e) || e instanceof ClosedChannelException || request.isCancelled()) {
                throw e;
            }
            // What nobody has asked for must not fail the reader. Its own range may have come before.
            flights.narrow(flight);
            try {
                fillHoles(request, start, end, start, end);
            } catch (IOException | RuntimeException again) {
                again.addSuppressed(e);
                throw again;
            }
        }
    }

    /** Answers the reader, then fetches what is left of the window. */
    private void fetchRest(ReadRequest request, AnonFd fd, Flight flight) {
        if (!request.complete()) {
            return;
        }
        try {
            while (fd.isOpen() && flights.advance(flight)) {
                fillHoles(request, flight.busyStart, flight.busyEnd, 0, 0);
            }
        } catch (IOException | RuntimeException e) {
            // Nobody waits for it: a reader that wants it will ask, and get the reason if it fails again.
            flights.restFailed();
        }
    }

    /** Fetches what is not cached of a range; nothing if all of the reader's own part is cached by now. */
    private void fillHoles(ReadRequest request, long from, long to, long ownStart, long ownEnd) throws IOException {
        AnonFd fd = request.fd();
        if (from == ownStart && to == ownEnd && request.isAllMissing()) {
            fetch(request, from, to);
            return;
        }
        long data = fd.nextData(from, to);
        if (data >= to) {
            fetch(request, from, to);
            return;
        }
        if (ownStart < ownEnd && fd.isFilled(ownStart, ownEnd - ownStart)) {
            return;
        }
        long at = from;
        while (at < to) {
            if (data > at) {
                fetch(request, at, Math.min(data, to));
            }
            if (data >= to) {
                return;
            }
            at = fd.nextHole(data, to);
            data = at < to ? fd.nextData(at, to) : to;
        }
    }

    private void fetch(ReadRequest request, long from, long to) throws IOException {
        AnonFd fd = request.fd();
        long start = measures ? clock.getAsLong() : 0;
        long viewed = to & -VIEWED;
        Optional<MemorySegment> view = viewed > from ? source.view(from, viewed - from) : Optional.empty();
        if (view.isPresent()) {
            fd.write(view.get(), from);
        } else {
            viewed = from;
        }
        if (viewed < to) {
            fd.fill(viewed, to - viewed, reader);
        }
        if (measures) {
            flights.measured(to - from, clock.getAsLong() - start);
        }
    }
}
