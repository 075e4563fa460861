// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what becomes of requests.
 *
 * <p>Safe for use by several threads.
 */
public final class ServerStats implements OnDemandListener {
    private final LongAdder opens = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /**
     * The counts at one moment.
     *
     * @param opens    OPENs that were accepted
     * @param reads    READs that were completed with their data
     * @param bytes    how many bytes these READs have asked for
     * @param failures OPENs and READs that failed
     */
    public record Snapshot(long opens, long reads, long bytes, long failures) {

        /**
         * Gives the counts for people and scripts.
         *
         * @return the text, such as {@code opens=1 reads=34 bytes=4456448 failures=0}
         */
        @Override
        public String toString() {
            return "opens=" + opens + " reads=" + reads + " bytes=" + bytes + " failures=" + failures;
        }
    }

    /**
     * Gives the counts. Requests that are answered meanwhile may be in some of them only.
     *
     * @return the counts up to now
     */
    public Snapshot snapshot() {
        return new Snapshot(opens.sum(), reads.sum(), bytes.sum(), failures.sum());
    }

    @Override
    public void opened(OpenRequest request, long size) {
        opens.increment();
    }

    @Override
    public void openFailed(OpenRequest request, Throwable cause) {
        failures.increment();
    }

    @Override
    public void read(ReadRequest request, Duration elapsed) {
        reads.increment();
        bytes.add(request.length());
    }

    @Override
    public void readFailed(ReadRequest request, Throwable cause) {
        failures.increment();
    }
}
