// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import java.util.List;
import java.util.Optional;

/** All kinds of layers that there are. */
public final class LayerTypes {

    /** The kinds, in the order of the help. */
    public static final List<LayerType> ALL =
            List.of(new RetryType(), new VerifyType(), new KeepType(), new RateLimitType(), new FaultsType());

    private LayerTypes() {}

    /**
     * Finds a kind by its name.
     *
     * @param name the name
     * @return the kind, or empty if there is none
     */
    public static Optional<LayerType> named(String name) {
        return ALL.stream().filter(type -> type.name().equals(name)).findFirst();
    }

    /**
     * Lists the names.
     *
     * @return such as {@code retry, verify}
     */
    public static String names() {
        return String.join(", ", ALL.stream().map(LayerType::name).toList());
    }
}
