// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds blobs on a web server. Safe for use by several threads.
 *
 * <p>A blob that is opened again must be of the version that it was of when it was opened first.
 *
 * <p>What the server is asked for is a name that was checked and encoded; see {@link BlobKey#fileName}.
 */
public final class HttpResolver implements BlobResolver, Closeable {
    private final BlobUrls urls;
    private final HttpTransport transport;
    private final Authorization authorization;
    private final HttpSource.Options options;

    /** What each blob was when it was first opened: the kernel keeps bytes of it when it is closed. */
    private final Map<URI, String> versions = new ConcurrentHashMap<>();

    /**
     * Makes a resolver; does not touch the network.
     *
     * @param base          a URL that ends with a slash: the blobs below it, by their names; any other: that one blob, by
     *     the last part of its path
     * @param transport     sends the requests; owned by the resolver
     * @param authorization the credentials
     * @param options       how blobs are read
     */
    public HttpResolver(URI base, HttpTransport transport, Authorization authorization, HttpSource.Options options) {
        this.urls = new BlobUrls(base);
        this.transport = transport;
        this.authorization = authorization;
        this.options = options;
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        URI uri = urls.of(key);
        HttpSource source = HttpSource.open(transport, authorization, uri, options);
        checkVersion(uri, source.identity());
        return source;
    }

    private void checkVersion(URI uri, String identity) throws WrongBytesException {
        if (!identity.isEmpty()) {
            String before = versions.putIfAbsent(uri, identity);
            if (before != null && !before.equals(identity)) {
                throw new WrongBytesException(uri + ": was changed since it was first served: it was " + before
                        + " and is now " + identity
                        + ", and the kernel may have kept bytes of the former; put a changed"
                        + " blob under a new name");
            }
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}
