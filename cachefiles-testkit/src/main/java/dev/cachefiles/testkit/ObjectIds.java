// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.HashSet;
import java.util.Set;

/**
 * Ids of objects, {@code cache->ondemand_ids}: from 1 up, also past those that nobody gets to see, and round again.
 *
 * <p>Guarded by the kernel's lock.
 */
final class ObjectIds {
    private final Set<Integer> used = new HashSet<>();
    private int next;

    ObjectIds(int first) {
        this.next = first;
    }

    int take() {
        while (!used.add(next)) {
            next = after(next);
        }
        int id = next;
        next = after(id);
        return id;
    }

    void free(int id) {
        used.remove(id);
    }

    private static int after(int id) {
        return id == Integer.MAX_VALUE ? 1 : id + 1;
    }
}
