// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.examples.blobserver.control.ControlCommand;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.util.List;

/** {@code cull now|dry-run DOMAIN [NAME...]}: removes blobs that are not mounted from the cache. */
final class CullControl implements ControlCommand {
    private final BoundCache cache;

    CullControl(BoundCache cache) {
        this.cache = cache;
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        boolean dryRun = arguments.get(0).equals("dry-run");
        var cull = new DomainCull(arguments.get(1), arguments.subList(2, arguments.size()), dryRun);
        try (CacheCuller culler = cache.culler()) {
            cull.run(culler, reply::say);
        } catch (IllegalArgumentException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }
}
