// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpAnswer;
import dev.cachefiles.examples.blobserver.http.HttpSettings;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import dev.cachefiles.examples.blobserver.http.Interruptible;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Logs in to a registry as it asks for: with user and password, or with a token that is fetched from where it says. A token
 * is used until it is refused.
 *
 * <p>Safe for use by several threads.
 */
final class RegistryAuthorization implements Authorization {
    private static final int LARGEST_ANSWER = 1 << 20;

    private final HttpTransport transport;
    private final Login.Origin logins;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable String current;

    RegistryAuthorization(HttpTransport transport, Login.Origin logins) {
        this.transport = transport;
        this.logins = logins;
    }

    @Override
    public Optional<String> header() {
        return Optional.ofNullable(current);
    }

    @Override
    public boolean renew(HttpHeaders answer, Optional<String> sent) throws IOException {
        Interruptible.lock(lock, "waiting for a token");
        try {
            if (!Optional.ofNullable(current).equals(sent)) {
                return true; // another thread was first
            }
            String header = header(Challenge.parse(answer.allValues("WWW-Authenticate")));
            current = header;
            return header != null && !Optional.of(header).equals(sent);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable String header(List<Challenge> challenges) throws IOException {
        Optional<Login> login = logins.login();
        for (Challenge challenge : challenges) {
            if (challenge.scheme().equals("bearer")) {
                // A token that someone has by other means is used as it is.
                boolean ready = login.isPresent() && login.get().header().startsWith("Bearer ");
                return ready ? login.get().header() : "Bearer " + token(challenge, login);
            }
        }
        boolean basic =
                challenges.stream().anyMatch(challenge -> challenge.scheme().equals("basic"));
        return basic ? login.filter(Login::isBasic).map(Login::header).orElse(null) : null;
    }

    private String token(Challenge challenge, Optional<Login> login) throws IOException {
        URI realm = realm(challenge.parameter("realm"));
        String identityToken = login.map(Login::identityToken).orElse("");
        var query = new ArrayList<String>();
        add(query, "service", challenge.parameter("service"));
        add(query, "scope", challenge.parameter("scope"));
        URI uri = realm;
        if (identityToken.isEmpty()) {
            String separator = realm.getRawQuery() == null ? "?" : "&";
            uri = URI.create(realm + (query.isEmpty() ? "" : separator + String.join("&", query)));
        } else {
            add(query, "grant_type", "refresh_token");
            add(query, "client_id", "blob-server");
            add(query, "refresh_token", identityToken);
        }
        try (HttpAnswer answer = transport.send(uri, NONE, request -> {
            login.filter(Login::isBasic).ifPresent(basic -> request.setHeader("Authorization", basic.header()));
            if (!identityToken.isEmpty()) {
                request.setHeader("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(String.join("&", query)));
            }
        })) {
            if (answer.status() != 200) {
                throw notFound(realm, answer.failure());
            }
            Json json = Json.parse(answer.bytes(LARGEST_ANSWER));
            String token = json.text("token").isEmpty() ? json.text("access_token") : json.text("token");
            if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                throw new PermanentException(realm + ": has answered without a token");
            }
            return token;
        }
    }

    /** A place for tokens that is missing is not a missing blob. */
    private static IOException notFound(URI realm, IOException failure) {
        return failure instanceof java.nio.file.NoSuchFileException
                ? new PermanentException(realm + ": there is no service for tokens", failure)
                : failure;
    }

    private static URI realm(String text) throws PermanentException {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new PermanentException("the registry wants a token from '" + text + "', which is no URL", e);
        }
        if (uri.getHost() == null || HttpSettings.isPlainText(uri)) {
            throw new PermanentException(
                    "the registry wants a token from '" + text + "', which would go over the network as plain text");
        }
        return uri;
    }

    private static void add(List<String> query, String name, String value) {
        if (!value.isEmpty()) {
            query.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
        }
    }
}
