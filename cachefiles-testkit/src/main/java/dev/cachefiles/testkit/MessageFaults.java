// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Messages that no healthy kernel sends. Guarded by the kernel's lock. */
final class MessageFaults {
    private final Deque<byte[]> injected = new ArrayDeque<>();
    private final Deque<UnaryOperator<byte[]>> alterations = new ArrayDeque<>();

    void inject(byte[] message) {
        injected.add(message.clone());
    }

    void alterNext(UnaryOperator<byte[]> alteration) {
        alterations.add(alteration);
    }

    boolean hasInjected() {
        return !injected.isEmpty();
    }

    byte @Nullable [] takeInjected() {
        return injected.poll();
    }

    byte[] alter(byte[] message) {
        UnaryOperator<byte[]> alteration = alterations.poll();
        return alteration == null ? message : alteration.apply(message);
    }
}
