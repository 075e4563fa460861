// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.cache.CullResult;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Culls the blobs of one domain.
 *
 * @param domain the domain; an image that is mounted without one is its own
 * @param names  names of the blobs; empty for all of the domain
 * @param dryRun whether only to say what would be culled
 */
public record DomainCull(String domain, List<String> names, boolean dryRun) {

    /** Copies the list. */
    public DomainCull {
        names = List.copyOf(names);
    }

    /** Is told what has become of each blob. */
    @FunctionalInterface
    public interface Listener {

        /**
         * Takes a line.
         *
         * @param line what has become of a blob
         * @throws IOException if no one listens any more
         */
        void say(String line) throws IOException;
    }

    /**
     * Does it.
     *
     * @param culler   culls in the cache
     * @param listener is told of each blob
     * @throws IllegalArgumentException if a name cannot be one in a cache
     * @throws Refusal                  if a blob is in use, or one that was named is not there; all others were culled
     * @throws IOException              if the cache cannot be read, or is dead
     */
    public void run(CacheCuller culler, Listener listener) throws IOException {
        VolumeKey volume = BoundCache.volume(domain);
        var cookies = new ArrayList<>(names.stream().map(CookieKey::of).toList());
        Optional<CachedVolume> found = culler.tree().volume(volume);
        if (names.isEmpty() && found.isPresent()) {
            found.get().objects().forEach(object -> object.cookie().ifPresent(cookies::add));
        }
        int left = 0;
        for (CookieKey cookie : cookies) {
            CullResult result = cull(culler, volume, cookie);
            listener.say(words(result, volume + "/" + cookie));
            left += result == CullResult.CULLED ? 0 : 1;
        }
        if (left > 0) {
            throw new Refusal(left + " of " + cookies.size()
                    + " blobs could not be culled; what is in use must be unmounted first");
        }
        if (names.isEmpty() && !dryRun) {
            culler.cullVolume(volume);
        }
    }

    private CullResult cull(CacheCuller culler, VolumeKey volume, CookieKey cookie) throws IOException {
        if (!dryRun) {
            return culler.cull(volume, cookie);
        }
        return switch (culler.use(volume, cookie)) {
            case FREE -> CullResult.CULLED;
            case IN_USE -> CullResult.IN_USE;
            case ABSENT -> CullResult.ABSENT;
        };
    }

    private String words(CullResult result, String what) {
        return switch (result) {
            case CULLED -> (dryRun ? "would cull " : "culled ") + what;
            case IN_USE -> what + " is in use";
            case ABSENT -> what + " is not in the cache";
        };
    }
}
