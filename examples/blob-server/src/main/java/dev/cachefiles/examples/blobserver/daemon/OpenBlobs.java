// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which blobs are open, and why the last ones have failed.
 *
 * <p>Safe for use by several threads.
 */
final class OpenBlobs implements OnDemandListener {
    private static final int FAILURES = 256;

    private final Map<BlobKey, CacheObject> open = new ConcurrentHashMap<>();

    /** What has been delivered, and of which it is not known here what has become of it. Guards itself. */
    private final Set<OpenRequest> opening = new HashSet<>();

    /** The last ones only: who mounts names of their own invention must not fill the memory. */
    private final Map<BlobKey, String> failures = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<BlobKey, String> eldest) {
            return size() > FAILURES;
        }
    };

    /** Gives the key by which sources are asked for an object. */
    static BlobKey key(CacheObject object) {
        String domain = object.volume().domain().orElseGet(() -> object.volume().toString());
        return new BlobKey(domain, ByteBuffer.wrap(object.cookie().bytes()));
    }

    /**
     * Waits until it is known what becomes of the OPENs of a domain that are under way: the kernel, and so who mounts, is
     * answered a little before the event of that comes here. Not longer than their deadline, at which they have failed.
     */
    void awaitOpening(String domain) throws InterruptedIOException {
        synchronized (opening) {
            Set<OpenRequest> waitedFor = new HashSet<>(opening);
            waitedFor.removeIf(request -> !key(request.object()).domain().equals(domain));
            while (waitedFor.stream().anyMatch(opening::contains)) {
                try {
                    opening.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted while " + domain + " was opened");
                }
            }
        }
    }

    /** An OPEN was delivered: one of {@link #opened} and {@link #openFailed} follows. */
    void opening(OpenRequest request) {
        synchronized (opening) {
            opening.add(request);
        }
    }

    private void openingEnds(OpenRequest request) {
        synchronized (opening) {
            opening.remove(request);
            opening.notifyAll();
        }
    }

    Optional<CacheObject> find(BlobKey key) {
        return Optional.ofNullable(open.get(key));
    }

    /** Gives the keys of all open blobs of a domain. */
    List<BlobKey> inDomain(String domain) {
        return all().stream().filter(key -> key.domain().equals(domain)).toList();
    }

    List<BlobKey> all() {
        return open.keySet().stream()
                .sorted(Comparator.comparing(BlobKey::domain).thenComparing(BlobKey::printableName))
                .toList();
    }

    Optional<String> lastFailure(BlobKey key) {
        synchronized (failures) {
            return Optional.ofNullable(failures.get(key));
        }
    }

    private void failed(BlobKey key, Throwable cause) {
        synchronized (failures) {
            failures.remove(key); // so that it becomes the youngest
            failures.put(key, Failures.describe(cause));
        }
    }

    @Override
    public void opened(OpenRequest request, long size) {
        BlobKey key = key(request.object());
        open.put(key, request.object());
        synchronized (failures) {
            failures.remove(key);
        }
        openingEnds(request);
    }

    @Override
    public void openFailed(OpenRequest request, Throwable cause) {
        failed(key(request.object()), cause);
        openingEnds(request);
    }

    @Override
    public void readFailed(ReadRequest request, Throwable cause) {
        failed(key(request.object()), cause);
    }

    @Override
    public void closed(CloseRequest request) {
        // By the object: one that was opened again meanwhile stays.
        request.object().ifPresent(object -> open.remove(key(object), object));
    }
}
