// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/**
 * The answer to a request: what the server has said, and the body, which has yet to be taken. For use by one thread, which
 * closes it.
 */
public final class HttpAnswer implements AutoCloseable {
    private static final int TO_KEEP_THE_CONNECTION = 16 * 1024;

    private final String what;
    private final String method;
    private final URI uri;
    private final int status;
    private final HttpHeaders headers;
    private final Body body;

    HttpAnswer(String what, String method, URI uri, int status, HttpHeaders headers, Body body) {
        this.what = what;
        this.method = method;
        this.uri = uri;
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /**
     * Gives the status.
     *
     * @return such as 200
     */
    public int status() {
        return status;
    }

    /** Tells whether the request may be sent once more, to another place, without harm. */
    boolean isRepeatable() {
        return method.equals("GET") || method.equals("HEAD");
    }

    /**
     * Gives who has answered, after redirects.
     *
     * @return the URL
     */
    public URI uri() {
        return uri;
    }

    /**
     * Gives the headers.
     *
     * @return the headers
     */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * Gives a header.
     *
     * @param name the name, in any letters
     * @return its first value, or empty text
     */
    public String header(String name) {
        return headers.firstValue(name).orElse("").trim();
    }

    /**
     * Gives the length that the server has announced.
     *
     * @return bytes in the body; -1 if it does not say, or says something else than a number
     */
    public long contentLength() {
        try {
            return Long.parseLong(header("Content-Length"));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /**
     * Takes the next bytes of the body.
     *
     * @param target all of it is filled
     * @throws TransientException             if the body ends before, or the connection is lost
     * @throws java.io.InterruptedIOException at the deadline of the call
     * @throws IOException                    for no other reason
     */
    public void fill(MemorySegment target) throws IOException {
        body.fill(target);
    }

    /**
     * Passes over the next bytes of the body.
     *
     * @param count number of bytes
     * @throws IOException as {@link #fill} does
     */
    public void skip(long count) throws IOException {
        body.skip(count);
    }

    /**
     * Takes the rest of the body.
     *
     * @param limit most bytes
     * @return the bytes
     * @throws IOException as {@link #fill} does, or if there are more than {@code limit} bytes
     */
    public byte[] bytes(int limit) throws IOException {
        return body.all(limit);
    }

    /**
     * Tells whether there are no more bytes; waits until that is known.
     *
     * @return whether it is so
     * @throws IOException as {@link #fill} does
     */
    public boolean isAtEnd() throws IOException {
        return body.isAtEnd();
    }

    /**
     * Passes over a short body, so that the connection can be used again; ends the request otherwise.
     */
    public void discard() {
        try {
            long length = contentLength();
            if (length >= 0 && length <= TO_KEEP_THE_CONNECTION) {
                body.all(TO_KEEP_THE_CONNECTION);
            }
        } catch (IOException e) {
            // Nobody wants these bytes. Whatever is wrong with the connection, the next request will say.
        }
        close();
    }

    /** Ends the request, unless the body has been taken to its end. */
    @Override
    public void close() {
        body.close();
    }

    /**
     * Makes an exception of an answer that is none of those hoped for.
     *
     * @return the exception: {@link NoSuchFileException}, {@link TransientException} or {@link PermanentException}
     */
    public IOException failure() {
        String said = what + ": " + status + " " + Statuses.reason(status);
        return switch (status) {
            case 404, 410 -> new NoSuchFileException(what, null, status + " " + Statuses.reason(status));
            case 401, 403 ->
                new PermanentException(
                        said + reasonGiven() + "; are the credentials right, and given for this source?");
            case 412 -> new WrongBytesException(said + ": it was changed while it is served");
            case 408, 425, 429, 500, 502, 503, 504, 507 ->
                retryAfter()
                        .map(time -> new TransientException(said + " (Retry-After " + time.toSeconds() + " s)", time))
                        .orElseGet(() -> new TransientException(said));
            default -> status >= 500 ? new TransientException(said) : new PermanentException(said + reasonGiven());
        };
    }

    /** The beginning of a short text, on one line. */
    private String reasonGiven() {
        if (contentLength() < 0
                || contentLength() > 1024
                || header("Content-Type").startsWith("text/html")) {
            return "";
        }
        try {
            String text = new String(bytes(1024), StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "" : " (" + text.replaceAll("[\\p{Cntrl}\\s]+", " ") + ")";
        } catch (IOException e) {
            return "";
        }
    }

    private Optional<Duration> retryAfter() {
        String text = header("Retry-After");
        if (text.matches("\\d{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            var time = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
            return Optional.of(Duration.between(Instant.now(), time.toInstant()));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
