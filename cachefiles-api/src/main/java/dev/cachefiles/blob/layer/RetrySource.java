// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The source of {@link Retry}. A first attempt that succeeds costs nothing: what the next ones need is made for them. */
final class RetrySource extends ForwardingBlobSource {
    private final Retry retry;

    RetrySource(BlobSource source, Retry retry) {
        super(source);
        this.retry = retry;
    }

    @Override
    public long size() throws IOException {
        try {
            return source().size();
        } catch (IOException e) {
            return retry.again(e, () -> source().size());
        }
    }

    @Override
    public String identity() throws IOException {
        return retry.call(() -> source().identity());
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        try {
            source().read(offset, target);
        } catch (IOException e) {
            readAgain(e, offset, target);
        }
    }

    private void readAgain(IOException first, long offset, MemorySegment target) throws IOException {
        retry.again(first, () -> {
            source().read(offset, target);
            return offset;
        });
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        try {
            return source().view(offset, length);
        } catch (IOException e) {
            return viewAgain(e, offset, length);
        }
    }

    private Optional<MemorySegment> viewAgain(IOException first, long offset, long length) throws IOException {
        return retry.again(first, () -> source().view(offset, length));
    }
}
