// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What a scenario has left to close. Closes all, the last first, and throws the first exception at the end. */
final class Closing implements Closeable {
    private final Deque<Closeable> stack = new ArrayDeque<>();

    synchronized void add(Closeable what) {
        stack.push(what);
    }

    @Override
    public synchronized void close() throws IOException {
        IOException first = null;
        while (!stack.isEmpty()) {
            first = close(stack.pop(), first);
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable IOException close(Closeable what, @Nullable IOException first) {
        try {
            what.close();
            return first;
        } catch (IOException e) {
            if (first == null) {
                return e;
            }
            first.addSuppressed(e);
            return first;
        }
    }
}
