// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The cache directories: what outlives mounts and daemons. A file gets here when its object is withdrawn, as the kernel
 * links it into its directory only then.
 *
 * <p>Guarded by the kernel's lock.
 */
final class Disk {
    private final Map<Name, Stored> files = new HashMap<>();

    private record Name(String directory, VolumeKey volume, CookieKey cookie) {}

    private record Stored(BackingFile file, long objectSize) {}

    void commit(String directory, FakeObject object, BackingFile file) {
        files.put(new Name(directory, object.volume(), object.cookie()), new Stored(file, object.size()));
    }

    /** The stored file, if it was stored with the same object size: that is all that ties bytes to a name. */
    @Nullable
    BackingFile find(String directory, FakeObject object, long objectSize) {
        Stored stored = files.get(new Name(directory, object.volume(), object.cookie()));
        return stored != null && stored.objectSize == objectSize ? stored.file : null;
    }

    boolean holds(VolumeKey volume, CookieKey cookie) {
        return files.keySet().stream().anyMatch(name -> name.volume.equals(volume) && name.cookie.equals(cookie));
    }
}
