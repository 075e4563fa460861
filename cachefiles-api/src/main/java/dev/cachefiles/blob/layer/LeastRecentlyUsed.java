// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Files and their lengths, and which of them go when there are too many bytes. Safe for use by several threads. */
final class LeastRecentlyUsed {
    private final long maxBytes;
    private final Consumer<Path> delete;
    private final LinkedHashMap<Path, Long> files = new LinkedHashMap<>(16, 0.75f, true);
    private long total;

    LeastRecentlyUsed(long maxBytes, Consumer<Path> delete) {
        this.maxBytes = maxBytes;
        this.delete = delete;
    }

    /** Whether the file is there; it is then the one that was used last. */
    synchronized boolean use(Path file) {
        return files.get(file) != null;
    }

    synchronized void add(Path file, long bytes) {
        Long before = files.put(file, bytes);
        total += bytes - (before == null ? 0 : before);
    }

    void remove(Path file) {
        synchronized (this) {
            Long bytes = files.remove(file);
            total -= bytes == null ? 0 : bytes;
        }
        delete.accept(file);
    }

    /** Deletes files until so many bytes can be added. */
    void makeRoom(long bytes) {
        List<Path> gone = new ArrayList<>(0);
        synchronized (this) {
            Iterator<Map.Entry<Path, Long>> eldest = files.entrySet().iterator();
            while (total + bytes > maxBytes && eldest.hasNext()) {
                Map.Entry<Path, Long> entry = eldest.next();
                total -= entry.getValue();
                gone.add(entry.getKey());
                eldest.remove();
            }
        }
        gone.forEach(delete);
    }

    synchronized long total() {
        return total;
    }
}
