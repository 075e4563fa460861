// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A blob at a URL, read in ranges.
 *
 * <p>The version that the server names when the source is opened, by {@code ETag} or else {@code Last-Modified}, is the
 * only one whose bytes are handed out. Each request asks the server to refuse another one ({@code If-Match},
 * {@code If-Unmodified-Since}), and each answer is checked: its version, its range, its size, its length. When the server
 * is back at the version, so is the source.
 *
 * <p>A server that ignores ranges sends the whole blob for each read. What lies before the range is passed over, nothing is
 * buffered; beyond a limit the source refuses to do so.
 *
 * <p>Safe for use by several threads.
 */
public final class HttpSource implements BlobSource {
    private final HttpTransport transport;
    private final Authorization authorization;
    private final URI uri;
    private final Options options;
    private final Version version;
    private final long size;

    /**
     * How a blob is read.
     *
     * @param headers    names and values in turns, sent with each request
     * @param immutable  whether the URL names the bytes for all time, so that the server's word on the version is not
     *     looked at
     * @param versioned  whether a server must name a version; not looked at if {@code immutable}
     * @param longestSkip most bytes to be passed over, from a server that ignores ranges
     */
    public record Options(java.util.List<String> headers, boolean immutable, boolean versioned, long longestSkip) {

        /** Copies the list. */
        public Options {
            headers = java.util.List.copyOf(headers);
        }
    }

    /**
     * Makes a source without asking the server.
     *
     * @param transport     sends the requests; not closed by the source
     * @param authorization the credentials
     * @param uri           where the blob is
     * @param size          its size in bytes
     * @param options       how it is read, {@code immutable}
     * @return the source
     */
    public static HttpSource ofSize(
            HttpTransport transport, Authorization authorization, URI uri, long size, Options options) {
        return new HttpSource(transport, authorization, uri, options, new Version("", ""), size);
    }

    private HttpSource(
            HttpTransport transport,
            Authorization authorization,
            URI uri,
            Options options,
            Version version,
            long size) {
        this.transport = transport;
        this.authorization = authorization;
        this.uri = uri;
        this.options = options;
        this.version = version;
        this.size = size;
    }

    /**
     * Asks the server for the size and the version.
     *
     * @param transport     sends the requests; not closed by the source
     * @param authorization the credentials
     * @param uri           where the blob is
     * @param options       how it is read
     * @return the source
     * @throws java.nio.file.NoSuchFileException if the server has no such thing
     * @throws TransientException                if the server cannot be reached, or is busy
     * @throws PermanentException                if it refuses, or is of no use for reading in ranges
     * @throws IOException                       if the credentials cannot be had
     */
    public static HttpSource open(HttpTransport transport, Authorization authorization, URI uri, Options options)
            throws IOException {
        // Not HEAD: signed URLs allow GET alone, and this tells at the same time whether ranges work.
        try (HttpAnswer answer = transport.send(
                uri, authorization, request -> prepare(request, options).setHeader("Range", "bytes=0-0"))) {
            checkEncoding(uri, answer);
            var version = Version.of(answer.headers());
            long size = size(uri, answer, options);
            if (!options.immutable() && options.versioned() && !version.isKnown()) {
                throw new PermanentException(HttpTransport.withoutQuery(uri)
                        + ": the server names neither ETag nor Last-Modified, so that a change of"
                        + " the blob would go unnoticed; set 'unversioned' to true if it never changes");
            }
            answer.discard();
            return new HttpSource(transport, authorization, uri, options, version, size);
        }
    }

    private static long size(URI uri, HttpAnswer answer, Options options) throws IOException {
        return switch (answer.status()) {
            case 206 -> {
                ContentRange range = contentRange(uri, answer);
                if (range.first() != 0 || range.size() < 0) {
                    throw new PermanentException(HttpTransport.withoutQuery(uri)
                            + ": the server does not say how large the blob is: Content-Range: "
                            + answer.header("Content-Range"));
                }
                yield range.size();
            }
            case 200 -> {
                long size = answer.contentLength();
                if (size < 0) {
                    throw new PermanentException(HttpTransport.withoutQuery(uri)
                            + ": the server knows no ranges and does not say how large the blob is");
                }
                if (size > options.longestSkip()) {
                    throw new PermanentException(
                            HttpTransport.withoutQuery(uri) + ": the server knows no ranges, and the blob has " + size
                                    + " bytes, more than the " + options.longestSkip() + " of 'longest-skip'");
                }
                yield size;
            }
            case 416 -> {
                if (contentRange(uri, answer).size() == 0) {
                    yield 0;
                }
                throw answer.failure();
            }
            default -> throw answer.failure();
        };
    }

    private static HttpRequest.Builder prepare(HttpRequest.Builder request, Options options) {
        String[] headers = options.headers().toArray(String[]::new);
        return (headers.length == 0 ? request : request.headers(headers)).setHeader("Accept-Encoding", "identity");
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public String identity() {
        if (options.immutable() || version.isKnown()) {
            // It is kept on disk and shown in messages, and a query may hold a signature.
            String query = uri.getRawQuery() == null
                    ? ""
                    : " query " + Sha256.of(uri.getRawQuery().getBytes(StandardCharsets.UTF_8));
            return HttpTransport.withoutQuery(uri) + query + (version.isKnown() ? " " + version : "") + " size " + size;
        }
        return "";
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        long length = target.byteSize();
        if (length == 0) {
            return;
        }
        String range = "bytes=" + offset + "-" + (offset + length - 1);
        try (HttpAnswer answer = transport.send(uri, authorization, request -> {
            prepare(request, options).setHeader("Range", range);
            version.require(request);
        })) {
            switch (answer.status()) {
                case 206 -> {
                    checkVersion(answer);
                    checkRange(answer, offset, length);
                    answer.fill(target);
                    if (!answer.isAtEnd()) {
                        throw new WrongBytesException(
                                HttpTransport.withoutQuery(uri) + ": more bytes than Content-Range says");
                    }
                }
                case 200 -> {
                    checkVersion(answer);
                    checkWhole(answer, offset);
                    answer.skip(offset);
                    answer.fill(target);
                }
                case 416 ->
                    throw new WrongBytesException(HttpTransport.withoutQuery(uri)
                            + ": the server has not the bytes from " + offset
                            + " on any more (Content-Range: " + answer.header("Content-Range") + "); it had " + size
                            + " when it was opened");
                case 412 -> throw changed("the server does not have that any more");
                default -> throw answer.failure();
            }
        }
    }

    private void checkVersion(HttpAnswer answer) throws IOException {
        checkEncoding(uri, answer);
        if (!options.immutable()) {
            var now = Version.of(answer.headers());
            if (!version.isSameAs(now)) {
                throw changed("now it has " + now);
            }
        }
    }

    private WrongBytesException changed(String now) {
        return new WrongBytesException(HttpTransport.withoutQuery(uri) + ": was changed while it is served: it had "
                + version + ", " + now + "; put a changed blob under a new name");
    }

    private void checkRange(HttpAnswer answer, long offset, long length) throws IOException {
        ContentRange range = contentRange(uri, answer);
        if (range.size() >= 0 && range.size() != size) {
            throw changedSize(range.size());
        }
        long last = offset + length - 1;
        if (range.first() != offset || range.last() != last) {
            throw new WrongBytesException(HttpTransport.withoutQuery(uri) + ": the server was asked for bytes " + offset
                    + "-" + last + " and sends " + range.first() + "-" + range.last());
        }
        long announced = answer.contentLength();
        if (announced >= 0 && announced != length) {
            throw new TransientException(HttpTransport.withoutQuery(uri) + ": the server announces " + announced
                    + " bytes for a range of " + length);
        }
    }

    private void checkWhole(HttpAnswer answer, long offset) throws IOException {
        long announced = answer.contentLength();
        if (announced < 0) {
            throw new PermanentException(HttpTransport.withoutQuery(uri)
                    + ": the server knows no ranges and does not say how large the blob is");
        }
        if (announced != size) {
            throw changedSize(announced);
        }
        if (offset > options.longestSkip()) {
            throw new PermanentException(
                    HttpTransport.withoutQuery(uri) + ": the server knows no ranges (any more), and " + offset
                            + " bytes lie before those that are wanted, more than the " + options.longestSkip()
                            + " of 'longest-skip'");
        }
    }

    private WrongBytesException changedSize(long now) {
        return changed("and " + size + " bytes, and now it has " + now);
    }

    private static ContentRange contentRange(URI uri, HttpAnswer answer) throws PermanentException {
        String header = answer.header("Content-Range");
        Optional<ContentRange> range = ContentRange.parse(header);
        if (range.isEmpty()) {
            throw new PermanentException(HttpTransport.withoutQuery(uri) + ": the server answers " + answer.status()
                    + " without a Content-Range that" + " makes sense: '" + header + "'");
        }
        return range.get();
    }

    private static void checkEncoding(URI uri, HttpAnswer answer) throws PermanentException {
        String encoding = answer.header("Content-Encoding");
        if (answer.status() / 100 == 2 && !encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw new PermanentException(
                    HttpTransport.withoutQuery(uri) + ": the server sends it with Content-Encoding " + encoding
                            + " although it was asked not to; ranges of that are of no use");
        }
    }

    /** Names it in messages. */
    @Override
    public String toString() {
        return HttpTransport.withoutQuery(uri);
    }
}
