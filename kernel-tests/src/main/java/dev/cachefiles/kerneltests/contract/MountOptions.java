// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Options of {@code mount -t erofs}.
 *
 * @param fsid    the name of the primary blob
 * @param domain  the domain, if any
 * @param devices the names of further blobs
 */
public record MountOptions(String fsid, @Nullable String domain, List<String> devices) {

    /** A primary blob alone. */
    public static MountOptions of(String fsid) {
        return new MountOptions(fsid, null, List.of());
    }

    /** The same in a domain. */
    public MountOptions domain(String id) {
        return new MountOptions(fsid, id, devices);
    }

    /** The same with one more blob. */
    public MountOptions device(String name) {
        List<String> more = new ArrayList<>(devices);
        more.add(name);
        return new MountOptions(fsid, domain, List.copyOf(more));
    }

    /** As {@code mount -o} takes them. */
    @Override
    public String toString() {
        var text = new StringBuilder("fsid=").append(fsid);
        if (domain != null) {
            text.append(",domain_id=").append(domain);
        }
        devices.forEach(device -> text.append(",device=").append(device));
        return text.toString();
    }
}
