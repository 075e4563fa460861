// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Credentials from a file or a command, asked for when they are first wanted, and again when the server does not take them
 * any more.
 *
 * <p>Safe for use by several threads.
 */
final class AskedCredentials implements Authorization {

    private final CredentialOrigin origin;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable String current;

    AskedCredentials(CredentialOrigin origin) {
        this.origin = origin;
    }

    @Override
    public Optional<String> header() throws IOException {
        String header = current;
        return Optional.of(header == null ? ask(null) : header);
    }

    @Override
    public boolean renew(HttpHeaders answer, Optional<String> sent) throws IOException {
        return sent.isPresent() && !ask(sent.get()).equals(sent.get());
    }

    /** Asks the origin, unless another thread has got something else than the header meanwhile. */
    private String ask(@Nullable String stale) throws IOException {
        Interruptible.lock(lock, "waiting for credentials");
        try {
            String header = current;
            if (header == null || header.equals(stale)) {
                header = origin.header();
                current = header;
            }
            return header;
        } finally {
            lock.unlock();
        }
    }
}
