// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.layer.IdentityGuard;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The cache that the daemon has bound: which blobs it has bytes of, and how these are culled.
 *
 * <p>Safe for use by several threads.
 */
final class BoundCache implements IdentityGuard.Cache {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    /** Beside what the kernel keeps in the directory of a cache; it looks for nothing by this name. */
    private static final String IDENTITIES = "identities";

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._/:@%+-]+");

    private final OpenBlobs blobs;
    private final Path runtime;
    private final IdentityGuard guard;
    private volatile @Nullable CachefilesChannel channel;

    BoundCache(DaemonConfig config, OpenBlobs blobs) {
        this.blobs = blobs;
        this.runtime = config.server().runtimeDirectory();
        this.guard = new IdentityGuard(config.cache().options().directory().resolve(IDENTITIES), this);
    }

    /** Gives what refuses blobs that have changed since the cache got bytes of them. */
    IdentityGuard guard() {
        return guard;
    }

    /** Tells that the cache is bound, and nothing opened yet. */
    void bound(CachefilesChannel bound) {
        channel = bound;
        try {
            guard.prune();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "what is known of culled blobs stays: {0}", Failures.describe(e));
        }
    }

    /** Makes a culler, to be closed by the caller. */
    CacheCuller culler() throws IOException {
        CachefilesChannel bound = channel;
        if (bound == null) {
            throw new IOException("the cache is not bound yet");
        }
        return bound.culler();
    }

    @Override
    public boolean mayHave(BlobKey key) throws IOException {
        // The file of a blob that is mounted for the first time has no name yet.
        if (blobs.find(key).isPresent()) {
            return true;
        }
        byte[] name = new byte[key.name().remaining()];
        key.name().get(name);
        try (CacheCuller culler = culler()) {
            return culler.tree()
                    .object(volume(key.domain()), CookieKey.of(name))
                    .isPresent();
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    static VolumeKey volume(String domain) {
        return VolumeKey.of("erofs," + domain);
    }

    @Override
    public String wayOut(BlobKey key) {
        Optional<String> name = key.fileName();
        boolean usual = runtime.equals(Path.of(ServerSection.DEFAULT_RUNTIME));
        return "unmount it and have its bytes culled, so that they are fetched anew: blob-server cache cull"
                + (usual ? "" : " --runtime-dir=" + word(runtime.toString()))
                + " --domain=" + word(key.domain())
                + name.map(text -> " --name=" + word(text)).orElse("");
    }

    /** Quotes a word for a shell: it is from outside, and people will copy it. */
    private static String word(String text) {
        return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
