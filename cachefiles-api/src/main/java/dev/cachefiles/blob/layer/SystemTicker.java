// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.util.concurrent.TimeUnit;

/** The clock of the machine. */
enum SystemTicker implements Ticker {
    INSTANCE;

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos);
    }
}
