// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.NoSuchFileException;
import java.time.Duration;

/** A blob of a web server that gives ranges and strong ETags. */
public record WebSource(HttpClient client, URI uri, long size, String tag) implements BlobSource {
    public static WebSource open(HttpClient client, URI uri) throws IOException {
        var head = send(client, HttpRequest.newBuilder(uri).HEAD(), 200).headers();
        long size = head.firstValueAsLong("Content-Length").orElseThrow(() -> new PermanentException("no size"));
        return new WebSource(client, uri, size, head.firstValue("ETag").orElse(""));
    }

    @Override
    public String identity() {
        return uri + " " + tag;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        String range = "bytes=" + offset + "-" + (offset + target.byteSize() - 1);
        var get = HttpRequest.newBuilder(uri).header("Range", range).header("If-Match", tag);
        byte[] body = send(client, get, 206).body();
        if (body.length != target.byteSize()) {
            throw new TransientException(uri + ": " + body.length + " bytes, not " + target.byteSize());
        }
        target.copyFrom(MemorySegment.ofArray(body));
    }

    private static HttpResponse<byte[]> send(HttpClient http, HttpRequest.Builder request, int ok) throws IOException {
        try {
            request.timeout(Deadline.current().atMost(Duration.ofSeconds(20)));
            HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
            if (response.statusCode() == ok) {
                return response;
            }
            throw switch (response.statusCode()) {
                case 404 -> new NoSuchFileException(response.toString());
                case 429, 500, 502, 503, 504 -> new TransientException(response.toString());
                default -> new PermanentException(response.toString()); // 412, too: it has changed
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
