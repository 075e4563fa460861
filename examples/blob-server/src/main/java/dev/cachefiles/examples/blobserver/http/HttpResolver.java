// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;

/**
 * Finds blobs on a web server. Safe for use by several threads.
 *
 * <p>What the server is asked for is a name that was checked and encoded; see {@link BlobKey#fileName}.
 */
public final class HttpResolver implements BlobResolver, Closeable {
    private final BlobUrls urls;
    private final HttpTransport transport;
    private final Authorization authorization;
    private final HttpSource.Options options;

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
        return HttpSource.open(transport, authorization, urls.of(key), options);
    }

    @Override
    public void close() {
        transport.close();
    }
}
