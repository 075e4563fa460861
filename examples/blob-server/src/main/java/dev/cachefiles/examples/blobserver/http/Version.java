// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;

/**
 * What a server says of the version of a resource.
 *
 * @param etag         the header {@code ETag}, or empty text
 * @param lastModified the header {@code Last-Modified}, or empty text
 */
record Version(String etag, String lastModified) {

    static Version of(HttpHeaders headers) {
        return new Version(
                headers.firstValue("ETag").orElse("").trim(),
                headers.firstValue("Last-Modified").orElse("").trim());
    }

    boolean isKnown() {
        return !etag.isEmpty() || !lastModified.isEmpty();
    }

    /** Tells whether another answer is of the same version: by the ETag alone where there is one. */
    boolean isSameAs(Version other) {
        return etag.isEmpty() ? lastModified.equals(other.lastModified) : etag.equals(other.etag);
    }

    /** Asks the server to refuse rather than to send another version. It need not; the answer is checked too. */
    void require(HttpRequest.Builder request) {
        if (!etag.isEmpty() && !etag.startsWith("W/")) {
            request.setHeader("If-Match", etag);
        } else if (etag.isEmpty() && !lastModified.isEmpty()) {
            request.setHeader("If-Unmodified-Since", lastModified);
        }
    }

    @Override
    public String toString() {
        if (!etag.isEmpty()) {
            return "ETag " + etag;
        }
        return lastModified.isEmpty() ? "no version" : "Last-Modified " + lastModified;
    }
}
