// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.IdentityGuard;
import dev.cachefiles.examples.blobserver.config.SourceConfig;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.support.Preflight;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the source of a blob among those of the configuration, which may be replaced while it works.
 *
 * <p>The sources whose rules fit are asked in their order. One that says that it has no such blob passes the question on
 * to the next; one that fails does not: which bytes a name stands for must not depend on who can be reached.
 *
 * <p>Safe for use by several threads.
 */
final class Router implements BlobResolver, Closeable {
    private final IdentityGuard guard;
    private volatile List<Route> routes = List.of();

    /** Makes a router without sources, whose blobs are refused when they have changed. */
    Router(IdentityGuard guard) {
        this.guard = guard;
    }

    /**
     * Replaces the sources. Blobs that are open keep theirs; entries that say the same as before keep what they have.
     *
     * @return what has changed, in words
     * @throws IOException if a source cannot be made; then nothing has changed
     */
    synchronized String replace(List<SourceConfig> sources, Preflight preflight) throws IOException {
        var kept = new ArrayList<Route>();
        var made = new ArrayList<Route>();
        var all = new ArrayList<Route>();
        var problems = new Problems();
        try {
            for (SourceConfig source : sources) {
                Route route = routes.stream()
                        .filter(old -> old.isFor(source))
                        .findFirst()
                        .orElse(null);
                if (route != null) {
                    kept.add(route);
                } else {
                    route = make(source, new SourceContext(source.name(), preflight, byName(all)), problems);
                    if (route == null) {
                        continue;
                    }
                    made.add(route);
                }
                all.add(route);
            }
            problems.throwIfAny();
        } catch (Throwable t) {
            made.forEach(Route::retire);
            throw t;
        }
        List<Route> before = routes;
        routes = List.copyOf(all);
        List<Route> retired =
                before.stream().filter(route -> !kept.contains(route)).toList();
        retired.forEach(Route::retire);
        return all.size() + (all.size() == 1 ? " source, " : " sources, ") + made.size() + " of them new or changed, "
                + retired.size() + " taken out or replaced";
    }

    private static Map<String, BlobResolver> byName(List<Route> routes) {
        var others = new HashMap<String, BlobResolver>();
        routes.forEach(route -> others.put(route.name(), route::resolveAsMirror));
        return others;
    }

    private @Nullable Route make(SourceConfig source, SourceContext context, Problems problems) throws IOException {
        try {
            return Route.make(source, context, guard);
        } catch (ConfigException e) {
            problems.add(e);
            return null;
        }
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        NoSuchFileException missing = null;
        for (Route route : routes) {
            if (route.fits(key)) {
                try {
                    return route.resolve(key);
                } catch (NoSuchFileException e) {
                    if (missing == null) {
                        missing = e;
                    } else {
                        missing.addSuppressed(e);
                    }
                }
            }
        }
        throw missing != null
                ? missing
                : new NoSuchFileException(key.printableName(), null, "no source is configured for this name");
    }

    @Override
    public synchronized void close() {
        List<Route> before = routes;
        routes = List.of();
        before.forEach(Route::retire);
    }
}
