// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import dev.cachefiles.AnonFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Puts into the cache file what no one has asked for.
 *
 * <p>The fd is used to write only, not while the source is read: so an object whose fetch takes long can be closed, which
 * is what ends the fetch.
 *
 * <p>Filled by one thread at a time.
 */
final class AheadSink implements Prefetch.Sink {
    private static final int BUFFER = 256 << 10;
    private static final long PAGE = 4096;

    private final BlobSource source;
    private final Flights flights;
    private final AnonFd fd;
    private @Nullable MemorySegment buffer;

    AheadSink(BlobSource source, Flights flights, AnonFd fd) {
        this.source = source;
        this.flights = flights;
        this.fd = fd;
    }

    @Override
    public boolean isFilled(long offset, long length) throws IOException {
        return fd.isFilled(offset, length);
    }

    /** Fetches what is missing of a range, but for what a miss fetches meanwhile. Its failure fails no miss that waits. */
    @Override
    public void fill(long offset, long length) throws IOException {
        Flight flight = flights.begin(offset, offset + length, true);
        while (flight == null) {
            if (fd.isFilled(offset, length)) {
                return;
            }
            flight = flights.begin(offset, offset + length, true);
        }
        try {
            fillHoles(offset, offset + length);
        } finally {
            flights.end(flight, null);
        }
    }

    private void fillHoles(long start, long end) throws IOException {
        long at = start;
        while (at < end) {
            OptionalLong data = fd.nextData(at);
            long holeEnd = Math.min(end, data.isPresent() ? data.getAsLong() : end);
            while (at < holeEnd) {
                long length = Math.min(BUFFER, holeEnd - at);
                fd.write(bytes(at, length), at);
                at += length;
            }
            if (at < end) {
                at = fd.nextHole(at).orElse(end);
            }
        }
    }

    private MemorySegment bytes(long offset, long length) throws IOException {
        if (length % PAGE == 0) {
            Optional<MemorySegment> view = source.view(offset, length);
            if (view.isPresent()) {
                return view.get();
            }
        }
        MemorySegment memory = buffer;
        if (memory == null) {
            // Not closed by hand: who fetches may be at it when the blob is closed.
            memory = Arena.ofAuto().allocate(BUFFER, PAGE);
            buffer = memory;
        }
        MemorySegment target = memory.asSlice(0, length);
        source.read(offset, target);
        return target;
    }
}
