// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/** The generator of whichever thread asks. */
final class ThreadLocalGenerator implements RandomGenerator {
    @Override
    public long nextLong() {
        return ThreadLocalRandom.current().nextLong();
    }
}
