// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.util.List;

/**
 * A daemon that takes part.
 *
 * @param name    its name in the tables
 * @param command how to start it
 * @param limit   whether it is there to show what cannot be beaten: everything is in the cache before its workloads
 *     begin, and what raw writes into the cache cost is added to their time
 */
record Contestant(String name, List<String> command, boolean limit) {
    /** With which all are compared. */
    static final String REFERENCE = "c";

    /** What cannot be beaten. */
    static final String LIMIT = "limit";

    Contestant {
        command = List.copyOf(command);
    }
}
