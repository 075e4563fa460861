// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.examples.blobserver.control.ControlCommand;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code why DOMAIN NAME...}: says why these blobs failed last, if they did. The kernel tells nobody. */
final class WhyControl implements ControlCommand {
    private final OpenBlobs blobs;

    WhyControl(OpenBlobs blobs) {
        this.blobs = blobs;
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        String domain = arguments.getFirst();
        blobs.awaitOpening(domain);
        for (String name : arguments.subList(1, arguments.size())) {
            Optional<String> failure = blobs.lastFailure(BlobKeys.of(domain, name));
            if (failure.isPresent()) {
                reply.say(BlobKeys.printable(name) + ": " + failure.get());
            }
        }
    }
}
