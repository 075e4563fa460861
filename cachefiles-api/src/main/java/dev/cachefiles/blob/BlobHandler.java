// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Serves the blobs of a {@link BlobResolver}.
 *
 * <p>Asks the resolver at each OPEN and keeps the source until the CLOSE. Bytes that a source has in memory are written
 * from there, others through aligned memory: no further copy is made.
 */
public final class BlobHandler implements OnDemandHandler, Closeable {
    private final BlobResolver resolver;
    private final Set<BlobSource> sources = ConcurrentHashMap.newKeySet();

    /**
     * Makes a handler.
     *
     * @param resolver where the sources come from
     */
    public BlobHandler(BlobResolver resolver) {
        this.resolver = Objects.requireNonNull(resolver, "resolver");
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        CacheObject object = request.object();
        String domain = object.volume().domain().orElseGet(() -> object.volume().toString());
        var key = new BlobKey(domain, ByteBuffer.wrap(object.cookie().bytes()));
        long[] size = {0};
        Deadline.during(deadline(request), () -> size[0] = open(object, key));
        return size[0];
    }

    private long open(CacheObject object, BlobKey key) throws IOException {
        BlobSource source = resolver.resolve(key);
        try {
            long size = source.size();
            sources.add(source);
            object.attach(source);
            return size;
        } catch (Throwable t) {
            source.close();
            throw t;
        }
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        Deadline.during(deadline(request), () -> fetch(request));
    }

    private void fetch(ReadRequest request) throws IOException {
        BlobSource source = source(request.object());
        if (source == null) {
            throw new IOException(request.object() + " has no source");
        }
        AnonFd fd = request.fd();
        long end = Math.min(request.offset() + request.length(), source.size());
        long length = end - request.offset();
        if (length <= 0) {
            throw new EOFException(request + " is beyond the " + source.size() + " bytes of the blob");
        }
        Optional<MemorySegment> view = source.view(request.offset(), length);
        if (view.isPresent()) {
            fd.write(view.get(), request.offset());
        } else {
            fd.fill(request.offset(), length, (target, position) -> source.read(position, target));
        }
    }

    @Override
    public void close(CloseRequest request) throws IOException {
        Optional<CacheObject> object = request.object();
        if (object.isPresent()) {
            BlobSource source = source(object.get());
            if (source != null && sources.remove(source)) {
                source.close();
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
        for (BlobSource source : sources) {
            try {
                source.close();
            } catch (IOException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
        sources.clear();
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    private static Deadline deadline(Request request) {
        return () -> request.isCancelled()
                ? 0
                : request.timeLeft().map(Duration::toNanos).orElse(Long.MAX_VALUE);
    }

    private static @Nullable BlobSource source(CacheObject object) {
        return (BlobSource) object.attachment();
    }
}
