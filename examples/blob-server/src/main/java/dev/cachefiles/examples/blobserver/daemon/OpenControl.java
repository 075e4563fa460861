// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.examples.blobserver.control.ControlCommand;
import java.io.IOException;
import java.util.List;

/** {@code open DOMAIN NAME}: says {@code yes} or {@code no}. */
final class OpenControl implements ControlCommand {
    private final OpenBlobs blobs;

    OpenControl(OpenBlobs blobs) {
        this.blobs = blobs;
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        blobs.awaitOpening(arguments.get(0));
        boolean open =
                blobs.find(BlobKeys.of(arguments.get(0), arguments.get(1))).isPresent();
        reply.say(open ? "yes" : "no");
    }
}
