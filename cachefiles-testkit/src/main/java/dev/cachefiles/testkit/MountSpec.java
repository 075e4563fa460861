// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is mounted: {@code mount -t erofs -o fsid=...,domain_id=...,device=...}. Immutable.
 *
 * @see <a href="https://docs.kernel.org/filesystems/erofs.html">mount options fsid, domain_id and device</a>
 */
public final class MountSpec {
    private final CookieKey fsid;
    private final @Nullable String domain;
    private final List<CookieKey> devices;

    private MountSpec(CookieKey fsid, @Nullable String domain, List<CookieKey> devices) {
        this.fsid = fsid;
        this.domain = domain;
        this.devices = List.copyOf(devices);
    }

    /**
     * Starts with a primary blob alone.
     *
     * @param fsid the name of the blob
     * @return the mount
     */
    public static MountSpec of(String fsid) {
        return new MountSpec(CookieKey.of(fsid), null, List.of());
    }

    /**
     * Adds the domain.
     *
     * @param id the domain, within which blobs are shared by mounts
     * @return a new mount
     */
    public MountSpec domain(String id) {
        return new MountSpec(fsid, id, devices);
    }

    /**
     * Adds a further blob.
     *
     * @param name the name of the blob
     * @return a new mount
     */
    public MountSpec device(String name) {
        return device(CookieKey.of(name));
    }

    /**
     * Adds a further blob, whose name comes from the image and can be any bytes.
     *
     * @param name the name of the blob
     * @return a new mount
     */
    public MountSpec device(CookieKey name) {
        var more = new ArrayList<>(devices);
        more.add(name);
        return new MountSpec(fsid, domain, more);
    }

    CookieKey fsid() {
        return fsid;
    }

    Optional<String> domain() {
        return Optional.ofNullable(domain);
    }

    List<CookieKey> blobs() {
        var all = new ArrayList<CookieKey>();
        all.add(fsid);
        all.addAll(devices);
        return all;
    }

    /** What the volume is called, without the prefix that EROFS gives it. */
    CookieKey volumeName() {
        return domain == null ? fsid : CookieKey.of(domain);
    }

    VolumeKey volume() {
        byte[] prefix = {'e', 'r', 'o', 'f', 's', ','};
        byte[] name = volumeName().bytes();
        byte[] key = new byte[prefix.length + name.length];
        System.arraycopy(prefix, 0, key, 0, prefix.length);
        System.arraycopy(name, 0, key, prefix.length, name.length);
        return VolumeKey.of(key);
    }

    /**
     * Gives the mount in the form used in messages.
     *
     * @return the text, such as {@code mount fsid=a.img,domain_id=d}
     */
    @Override
    public String toString() {
        var text = new StringBuilder("mount fsid=").append(fsid);
        if (domain != null) {
            text.append(",domain_id=").append(domain);
        }
        devices.forEach(device -> text.append(",device=").append(device));
        return text.toString();
    }
}
