// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.IdentityGuard;
import dev.cachefiles.examples.blobserver.config.LayerConfig;
import dev.cachefiles.examples.blobserver.config.SourceConfig;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A source of the configuration with its resolver, which is closed when the route is retired and none of its sources is
 * in use any more.
 *
 * <p>Safe for use by several threads.
 */
final class Route {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final SourceConfig config;
    private final BlobResolver resolver;
    private final BlobResolver asMirror;

    /** The source's own resolver and its layers, as far as they can be closed; the outermost first. */
    private final Deque<Closeable> closeables;

    private int users = 1; // the router itself, until it retires the route

    private Route(SourceConfig config, BlobResolver resolver, IdentityGuard guard, Deque<Closeable> closeables) {
        this.config = config;
        this.resolver = guard.of(config.name()).over(resolver);
        this.asMirror = guard.ofMirror(config.name()).over(resolver);
        this.closeables = closeables;
    }

    /** Makes the source with its layers. */
    static Route make(SourceConfig config, SourceContext context, IdentityGuard guard) throws IOException {
        var closeables = new ArrayDeque<Closeable>();
        try {
            BlobResolver resolver = config.type().create(config.settings(), context);
            push(closeables, resolver);
            for (LayerConfig layer : config.layers()) {
                BlobLayer made = layer.type().create(config.name(), layer.settings());
                push(closeables, made);
                resolver = made.over(resolver);
            }
            return new Route(config, resolver, guard, closeables);
        } catch (Throwable t) {
            close(config.name(), closeables);
            throw t;
        }
    }

    private static void push(Deque<Closeable> closeables, Object made) {
        if (made instanceof Closeable closeable) {
            closeables.push(closeable);
        }
    }

    String name() {
        return config.name();
    }

    boolean fits(BlobKey key) {
        return config.isAsked() && config.match().fits(key);
    }

    /** Tells whether another entry says the same, so that connections and what has been learnt can be kept. */
    boolean isFor(SourceConfig other) {
        return name().equals(other.name()) && config.settings().sameAs(other.settings());
    }

    /** Finds a blob; says which source has failed. */
    BlobSource resolve(BlobKey key) throws IOException {
        return resolve(key, resolver);
    }

    /** Finds a blob for a source that is made of mirrors, of which this is one. */
    BlobSource resolveAsMirror(BlobKey key) throws IOException {
        return resolve(key, asMirror);
    }

    private BlobSource resolve(BlobKey key, BlobResolver from) throws IOException {
        if (!use()) {
            throw new IOException("source " + name() + " has just been taken out of the configuration");
        }
        try {
            return new RoutedSource(this, from.resolve(key));
        } catch (NoSuchFileException | AccessDeniedException e) {
            closed();
            throw e; // the name's fault
        } catch (IOException e) {
            closed();
            throw named(e);
        } catch (Throwable t) {
            closed();
            throw t;
        }
    }

    /** Says which source has failed, in an exception that layers and the engine know as they knew the first one. */
    IOException named(IOException failure) {
        String message = "source " + name() + ": " + Failures.describe(failure);
        return switch (failure) {
            case InterruptedIOException e -> e;
            case ClosedChannelException e -> e;
            case WrongBytesException e -> new WrongBytesException(message, e);
            case PermanentException e -> new PermanentException(message, e);
            case TransientException e
            when e.retryAfter().isPresent() -> {
                var again = new TransientException(message, e.retryAfter().get());
                again.initCause(e);
                yield again;
            }
            case TransientException e -> new TransientException(message, e);
            default -> new IOException(message, failure);
        };
    }

    private synchronized boolean use() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    /** Takes it out of use: no new source comes from it. */
    void retire() {
        closed();
    }

    void closed() {
        synchronized (this) {
            if (--users > 0) {
                return;
            }
        }
        close(name(), closeables);
    }

    private static void close(String name, Deque<Closeable> closeables) {
        for (Closeable closeable : closeables) {
            try {
                closeable.close();
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, "source " + name + " could not be closed", e);
            }
        }
    }
}
