// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests for one source: within the deadline of the call, over connections that are kept, with credentials that go
 * to their own server alone.
 *
 * <p>The client is made with the first request. Safe for use by several threads.
 */
public final class HttpTransport implements Closeable {
    private static final int MOST_REDIRECTS = 5;

    private final Options options;
    private @Nullable HttpClient client;
    private boolean closed;

    /**
     * What a transport is told.
     *
     * @param connectTimeout longest time to make a connection
     * @param patience       longest time to wait for an answer or for the next bytes of it
     * @param http2          whether HTTP/2 is used with servers that speak it over TLS
     * @param tls            which certificates are trusted; null for those of the system
     */
    public record Options(
            Duration connectTimeout,
            Duration patience,
            boolean http2,
            @Nullable SSLContext tls) {}

    /**
     * Prepares a transport; does not touch the network.
     *
     * @param options what it is told
     */
    public HttpTransport(Options options) {
        this.options = options;
    }

    /**
     * Sends a request, and follows redirects of {@code GET} and {@code HEAD}. Waits for the head of the answer, not for its
     * body.
     *
     * @param uri           where to
     * @param authorization the credentials for the server in {@code uri}; asked again once if it answers 401
     * @param request       sets method and headers; called for each attempt
     * @return the answer, of any status, to be closed
     * @throws TransientException     if there is no connection or no answer
     * @throws PermanentException     if the server is not trusted, or redirects without end or to where it must not
     * @throws InterruptedIOException if the thread is interrupted, or the deadline of the call passes
     * @throws IOException            if the credentials cannot be had
     */
    public HttpAnswer send(URI uri, Authorization authorization, Consumer<HttpRequest.Builder> request)
            throws IOException {
        URI at = uri;
        boolean renewed = false;
        int redirects = 0;
        while (true) {
            boolean home = isSameServer(uri, at);
            Optional<String> header = home ? authorization.header() : Optional.empty();
            HttpAnswer answer = exchange(at, header, request);
            if (answer.status() == 401 && home && !renewed) {
                boolean again;
                try {
                    again = authorization.renew(answer.headers(), header);
                } catch (Throwable t) {
                    answer.close();
                    throw t;
                }
                if (!again) {
                    return answer;
                }
                renewed = true;
                answer.discard();
            } else if (isRedirect(answer)) {
                answer.discard();
                if (++redirects > MOST_REDIRECTS) {
                    throw new PermanentException(
                            withoutQuery(uri) + ": redirects more than " + MOST_REDIRECTS + " times");
                }
                at = target(at, answer);
            } else {
                return answer;
            }
        }
    }

    private static boolean isRedirect(HttpAnswer answer) {
        return switch (answer.status()) {
            case 301, 302, 303, 307, 308 -> !answer.header("Location").isEmpty() && answer.isRepeatable();
            default -> false;
        };
    }

    private static URI target(URI from, HttpAnswer answer) throws PermanentException {
        String location = answer.header("Location");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new PermanentException(withoutQuery(from) + ": redirects to what is no URL", e);
        }
        String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
        if (to.getHost() == null || !(scheme.equals("https") || scheme.equals(lower(from.getScheme())))) {
            throw new PermanentException(
                    withoutQuery(from) + ": redirects to " + withoutQuery(to) + ", which is not followed: no https");
        }
        return to;
    }

    /**
     * Tells whether two URLs lead to the same server: the same scheme, host and port.
     *
     * @param one   a URL with a host
     * @param other another
     * @return whether they do
     */
    public static boolean isSameServer(URI one, URI other) {
        return lower(one.getScheme()).equals(lower(other.getScheme()))
                && lower(one.getHost()).equals(lower(other.getHost()))
                && port(one) == port(other);
    }

    private static String lower(@Nullable String text) {
        return String.valueOf(text).toLowerCase(Locale.ROOT);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return lower(uri.getScheme()).equals("https") ? 443 : 80;
    }

    private HttpAnswer exchange(URI uri, Optional<String> authorization, Consumer<HttpRequest.Builder> customizer)
            throws IOException {
        Deadline deadline = Deadline.current();
        deadline.check();
        HttpRequest.Builder builder;
        try {
            builder = HttpRequest.newBuilder(uri).setHeader("User-Agent", "blob-server");
        } catch (IllegalArgumentException e) {
            throw new PermanentException(withoutQuery(uri) + ": no request can be made of this: " + e.getMessage(), e);
        }
        if (!lower(uri.getScheme()).equals("https")) {
            builder.version(HttpClient.Version.HTTP_1_1); // or the client asks for an upgrade, which some take amiss
        }
        authorization.ifPresent(header -> builder.setHeader("Authorization", header));
        customizer.accept(builder);
        HttpRequest request = builder.build();
        String what = request.method() + " " + withoutQuery(uri);
        var exchange = new Exchange(what, options.patience());
        CompletableFuture<HttpResponse<Body>> answer = client().sendAsync(request, exchange);
        boolean answered = false;
        try {
            HttpResponse<Body> response =
                    answer.get(deadline.atMost(options.patience()).toNanos(), TimeUnit.NANOSECONDS);
            answered = true;
            return new HttpAnswer(
                    what, request.method(), uri, response.statusCode(), response.headers(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted: no one waits for the answer any more");
        } catch (TimeoutException e) {
            deadline.check();
            throw new TransientException(
                    what + ": no answer within " + options.patience().toMillis() + " ms", e);
        } catch (CancellationException e) {
            throw new TransientException(what + ": the source was closed", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw Causes.of(what, cause == null ? e : cause);
        } finally {
            if (!answered) {
                exchange.abandon();
                answer.cancel(true);
            }
        }
    }

    /** A query may hold a signature, which is as good as a password. */
    static String withoutQuery(URI uri) {
        String text = uri.toString();
        int end = text.indexOf('?');
        return end < 0 ? text : text.substring(0, end) + "?...";
    }

    private synchronized HttpClient client() throws IOException {
        if (closed) {
            throw new IOException("the source is closed");
        }
        HttpClient made = client;
        if (made == null) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .connectTimeout(options.connectTimeout())
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .version(options.http2() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
            SSLContext tls = options.tls();
            if (tls != null) {
                builder.sslContext(tls);
            }
            made = builder.build();
            client = made;
        }
        return made;
    }

    /** Ends all requests and connections. Does not wait. */
    @Override
    public synchronized void close() {
        closed = true;
        if (client != null) {
            client.shutdownNow();
        }
    }

    /** Makes the body of one answer; or, when nobody waits any more, one that ends at once. */
    private static final class Exchange implements HttpResponse.BodyHandler<Body> {
        private final String what;
        private final Duration patience;
        private @Nullable Body body;
        private boolean abandoned;

        Exchange(String what, Duration patience) {
            this.what = what;
            this.patience = patience;
        }

        @Override
        public synchronized Body apply(HttpResponse.ResponseInfo head) {
            var made = new Body(what, patience);
            body = made;
            if (abandoned) {
                made.close();
            }
            return made;
        }

        synchronized void abandon() {
            abandoned = true;
            if (body != null) {
                body.close();
            }
        }
    }
}
