// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.BlobKey;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/**
 * Which URL a blob has: below a URL that ends with a slash, those of plain file names; any other URL is that of one blob,
 * called like the last part of the path.
 *
 * @param base the URL
 */
record BlobUrls(URI base) {

    URI of(BlobKey key) throws AccessDeniedException, NoSuchFileException {
        String printable = key.printableName();
        String name = key.fileName()
                .orElseThrow(() -> new AccessDeniedException(printable, null, "is not a plain file name"));
        if (base.getRawPath().endsWith("/")) {
            return base.resolve(encode(name) + (base.getRawQuery() == null ? "" : "?" + base.getRawQuery()));
        }
        if (!name.equals(onlyName())) {
            throw new NoSuchFileException(
                    printable, null, base + " is one blob, called '" + onlyName() + "'; a URL of many ends with '/'");
        }
        return base;
    }

    private String onlyName() {
        String path = base.getRawPath();
        String last = path.substring(path.lastIndexOf('/') + 1);
        return URLDecoder.decode(last.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Percent-encodes all but unreserved characters, so that a name can neither leave its directory nor begin a query. */
    private static String encode(String name) {
        var text = new StringBuilder("./");
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "-._~".indexOf(c) >= 0;
            text.append(plain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
        }
        return text.toString();
    }
}
