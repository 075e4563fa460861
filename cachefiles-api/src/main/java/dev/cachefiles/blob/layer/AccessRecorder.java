// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Records which ranges of a blob are read, in order. A range that goes on where the last one has ended makes that one
 * longer; after {@value AccessList#MAX_RANGES} ranges the rest is left out.
 */
public final class AccessRecorder extends ForwardingBlobSource {
    private final List<AccessList.Range> ranges = new ArrayList<>();
    private final BooleanSupplier isWanted;

    /** The range that may become longer; none at the start. Guarded by {@link #ranges}, as they are. */
    private long start;

    private long end;

    /**
     * Wraps a source.
     *
     * @param source the source, owned by this one from now on
     */
    public AccessRecorder(BlobSource source) {
        this(source, () -> true);
    }

    /**
     * Wraps a source of which not all reads are recorded.
     *
     * @param source   the source, owned by this one from now on
     * @param isWanted asked at each read by the thread that reads, whether to record it
     */
    public AccessRecorder(BlobSource source, BooleanSupplier isWanted) {
        super(source);
        this.isWanted = Objects.requireNonNull(isWanted, "isWanted");
    }

    /**
     * Gives what was recorded up to now.
     *
     * @return the ranges
     */
    public AccessList recorded() {
        synchronized (ranges) {
            var all = new ArrayList<>(ranges);
            if (end > start) {
                all.add(new AccessList.Range(start, end - start));
            }
            return new AccessList(all);
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        record(offset, target.byteSize());
        source().read(offset, target);
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        Optional<MemorySegment> view = source().view(offset, length);
        if (view.isPresent()) {
            record(offset, length);
        }
        return view;
    }

    private void record(long offset, long length) {
        if (length <= 0 || !isWanted.getAsBoolean()) {
            return;
        }
        synchronized (ranges) {
            if (offset == end && end > start) {
                end += length;
            } else if (offset < start || offset + length > end) {
                if (end > start) {
                    if (ranges.size() >= AccessList.MAX_RANGES - 1) {
                        return;
                    }
                    ranges.add(new AccessList.Range(start, end - start));
                }
                start = offset;
                end = offset + length;
            }
        }
    }
}
