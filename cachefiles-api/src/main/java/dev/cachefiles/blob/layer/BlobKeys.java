// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** File names for what is kept of blobs. */
final class BlobKeys {

    private BlobKeys() {}

    /** Gives a digest of a key as a file name: whatever is in the key, it leads nowhere else. */
    static String fileName(BlobKey key) {
        MessageDigest digest = DigestAlgorithm.SHA_256.newDigest();
        digest.update(key.domain().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(key.name());
        return HexFormat.of().formatHex(digest.digest());
    }
}
