// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Keys made of text, and text that is safe to print. */
final class BlobKeys {

    private BlobKeys() {}

    static BlobKey of(String domain, String name) {
        return new BlobKey(domain, ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8)));
    }

    /** Gives a domain in the form of {@link BlobKey#printableName}: it is from outside just as names are. */
    static String printable(String domain) {
        return of(domain, domain).printableName();
    }
}
