// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.examples.blobserver.casync.CasyncType;
import dev.cachefiles.examples.blobserver.http.HttpType;
import dev.cachefiles.examples.blobserver.nydus.NydusType;
import dev.cachefiles.examples.blobserver.oci.OciType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** All kinds of sources that there are. */
public final class SourceTypes {

    /** The kinds, in the order of the help. */
    public static final List<SourceType> ALL = List.of(
            new DirectoryType(), new MirrorsType(), new HttpType(), new OciType(), new CasyncType(), new NydusType());

    private SourceTypes() {}

    /**
     * Finds a kind by its name.
     *
     * @param name the name
     * @return the kind, or empty if there is none
     */
    public static Optional<SourceType> named(String name) {
        return ALL.stream().filter(type -> type.name().equals(name)).findFirst();
    }

    /**
     * Finds the kind that a URL is of.
     *
     * @param url the URL
     * @return the kind, or empty if there is none
     */
    public static Optional<SourceType> ofUrl(String url) {
        int colon = url.indexOf(':');
        String scheme = colon < 0 ? "" : url.substring(0, colon).toLowerCase(Locale.ROOT);
        return ALL.stream().filter(type -> type.schemes().contains(scheme)).findFirst();
    }

    /**
     * Lists the names.
     *
     * @return such as {@code directory, http}
     */
    public static String names() {
        return String.join(", ", ALL.stream().map(SourceType::name).toList());
    }
}
