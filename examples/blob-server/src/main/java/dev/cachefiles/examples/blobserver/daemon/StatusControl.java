// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CacheObject;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.examples.blobserver.control.ControlCommand;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code status}: says what has been counted, and for each open blob how much of it is in the cache. */
final class StatusControl implements ControlCommand {
    private final ServerStats stats;
    private final OpenBlobs blobs;
    private final PrefetchStatus prefetch;

    StatusControl(ServerStats stats, OpenBlobs blobs, PrefetchStatus prefetch) {
        this.stats = stats;
        this.blobs = blobs;
        this.prefetch = prefetch;
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        reply.say(stats.snapshot().toString());
        for (BlobKey key : blobs.all()) {
            Optional<CacheObject> object = blobs.find(key);
            if (object.isPresent()) {
                long size = object.get().size().orElse(0);
                String name = key.printableName();
                String domain = BlobKeys.printable(key.domain());
                reply.say((domain.equals(name) ? name : domain + "/" + name) + ": " + size + " bytes, "
                        + cached(object.get(), size) + " cached"
                        + blobs.lastFailure(key)
                                .map(failure -> "; last failure: " + failure)
                                .orElse(""));
            }
        }
        for (String line : prefetch.lines()) {
            reply.say(line);
        }
    }

    private static long cached(CacheObject object, long size) {
        long cached = 0;
        try {
            long at = 0;
            while (at < size) {
                long data = object.fd().nextData(at).orElse(size);
                at = Math.min(
                        size, data >= size ? size : object.fd().nextHole(data).orElse(size));
                cached += Math.max(0, at - data);
            }
        } catch (IOException e) {
            return cached; // closed meanwhile
        }
        return cached;
    }
}
