// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CacheObject;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.control.ControlCommand;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code pull DOMAIN [NAME...]}: fills blobs that are open, which are those of images that are mounted. Without names:
 * all of the domain.
 */
final class PullControl implements ControlCommand {

    private final OpenBlobs blobs;
    private final BlobResolver resolver;

    /** What is being filled. Guards itself. */
    private final Set<CacheObject> filling = new HashSet<>();

    PullControl(OpenBlobs blobs, BlobResolver resolver) {
        this.blobs = blobs;
        this.resolver = resolver;
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        String domain = arguments.getFirst();
        blobs.awaitOpening(domain);
        var keys = new ArrayList<BlobKey>();
        for (String name : arguments.subList(1, arguments.size())) {
            keys.add(BlobKeys.of(domain, name));
        }
        if (keys.isEmpty()) {
            keys.addAll(blobs.inDomain(domain));
        }
        if (keys.isEmpty()) {
            throw notOpen(BlobKeys.printable(domain));
        }
        for (BlobKey key : keys) {
            fill(key, blobs.find(key).orElseThrow(() -> notOpen(key.printableName())), reply);
        }
    }

    private static NotMounted notOpen(String what) {
        return new NotMounted(what + ": is not mounted, so that there is no cache file to fill");
    }

    private void fill(BlobKey key, CacheObject object, Reply reply) throws IOException {
        String name = key.printableName();
        try {
            begin(object, name, reply);
            try (BlobSource source = resolver.resolve(key)) {
                if (object.size().orElse(-1) != source.size()) {
                    throw new Refusal(name + ": has " + source.size() + " bytes now, and "
                            + object.size().orElse(-1) + " where it is mounted; a blob must not change");
                }
                reply.progress(0, source.size(), name);
                long fetched = new Fill(object, source, (done, total) -> reply.progress(done, total, name)).run();
                reply.say(name + ": " + source.size() + " bytes, " + fetched + " of them fetched now");
            } finally {
                end(object);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** One at a time, or the same bytes would be fetched by all of them. */
    private void begin(CacheObject object, String name, Reply reply) throws IOException, InterruptedException {
        boolean free;
        synchronized (filling) {
            free = filling.add(object);
        }
        if (!free) {
            reply.say(name + ": is being pulled already; waiting for that");
            synchronized (filling) {
                while (!filling.add(object)) {
                    filling.wait();
                }
            }
        }
    }

    private void end(CacheObject object) {
        synchronized (filling) {
            filling.remove(object);
            filling.notifyAll();
        }
    }
}
