// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The bootstraps among files, each read once. Safe for use by several threads.
 *
 * <p>A blob's id says nothing of the images that use it, and after a restart the kernel may ask for the blob first. So all
 * bootstraps are looked at.
 */
final class Bootstraps {
    private final BlobResolver files;
    private final BootstrapFiles names;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    private record Known(String version, Optional<Bootstrap> bootstrap) {}

    /**
     * Makes an empty collection.
     *
     * @param files finds files by their names
     * @param names lists those that may be bootstraps
     */
    Bootstraps(BlobResolver files, BootstrapFiles names) {
        this.files = files;
        this.names = names;
    }

    /**
     * Finds the images that use a blob.
     *
     * @param domain of the mount; if it is the name of such an image, only that one is given
     * @param blob   the blob's id
     * @return the images, empty if there is none
     * @throws IOException if there is none among those that could be read, and some could not
     */
    List<Bootstrap> using(String domain, String blob) throws IOException {
        Map<String, String> versions = names.list();
        var using = new ArrayList<Bootstrap>();
        IOException failure = null;
        String own = versions.get(domain);
        if (own != null) {
            try {
                Optional<Bootstrap> bootstrap = get(domain, domain, own);
                if (bootstrap.isPresent() && bootstrap.get().blob(blob).isPresent()) {
                    return List.of(bootstrap.get());
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        for (Map.Entry<String, String> entry : versions.entrySet()) {
            if (entry.getKey().equals(blob)) {
                continue;
            }
            try {
                get(domain, entry.getKey(), entry.getValue())
                        .filter(bootstrap -> bootstrap.blob(blob).isPresent())
                        .ifPresent(using::add);
            } catch (IOException e) {
                Deadline.current().check();
                failure = e; // of one image, which must not keep others from being served
            }
        }
        if (using.isEmpty() && failure != null) {
            throw failure;
        }
        return using;
    }

    private Optional<Bootstrap> get(String domain, String name, String version) throws IOException {
        Known before = known.get(name);
        if (before != null && before.version().equals(version)) {
            return before.bootstrap();
        }
        try (BlobSource source = files.resolve(new BlobKey(domain, StandardCharsets.UTF_8.encode(name)))) {
            Optional<Bootstrap> bootstrap = Bootstrap.read(name, source);
            known.put(name, new Known(version, bootstrap));
            return bootstrap;
        }
    }
}
