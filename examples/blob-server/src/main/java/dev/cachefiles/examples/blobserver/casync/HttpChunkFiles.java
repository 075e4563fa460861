// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpAnswer;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;

/** A chunk store on a web server: one request for each chunk. */
final class HttpChunkFiles implements ChunkFiles, Closeable {
    private final URI base;
    private final HttpTransport transport;
    private final Authorization authorization;

    /**
     * Makes a store; does not touch the network.
     *
     * @param base          the store's URL, ending with a slash
     * @param transport     sends the requests; closed with this
     * @param authorization the credentials
     */
    HttpChunkFiles(URI base, HttpTransport transport, Authorization authorization) {
        this.base = base;
        this.transport = transport;
        this.authorization = authorization;
    }

    @Override
    public byte[] read(String path, int most) throws IOException {
        URI uri = base.resolve(path);
        try (HttpAnswer answer = transport.send(uri, authorization, HttpRequest.Builder::GET)) {
            if (answer.status() != 200) {
                throw answer.failure();
            }
            if (answer.contentLength() > most) {
                throw new WrongBytesException(
                        uri + " has " + answer.contentLength() + " bytes, more than the " + most + " that it can have");
            }
            return answer.bytes(most);
        }
    }

    @Override
    public boolean isRemote() {
        return true;
    }

    @Override
    public void close() {
        transport.close();
    }

    @Override
    public String toString() {
        return base.toString();
    }
}
