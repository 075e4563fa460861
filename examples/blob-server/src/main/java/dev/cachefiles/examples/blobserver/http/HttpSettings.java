// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** The settings that all sources with HTTP have, and what is made of them. */
public final class HttpSettings {
    private static final Setting<Path> CA =
            Setting.path("ca", "FILE", "trust the certificates in this PEM file instead of the system's");
    private static final Setting<Path> CREDENTIALS_FILE = Setting.path(
            "credentials-file",
            "FILE",
            "holds 'user:password' or 'Bearer TOKEN'; read again when the server answers 401");
    private static final Setting<String> CREDENTIALS_COMMAND = Setting.text(
            "credentials-command",
            "COMMAND",
            "shell command that prints the same; run again when the server answers 401");
    private static final Setting<Duration> CONNECT_TIMEOUT = Setting.time(
                    "connect-timeout", "longest time to connect", Duration.ofMillis(1), Duration.ofHours(1))
            .defaultsTo("10s");
    private static final Setting<Duration> TIMEOUT = Setting.time(
                    "timeout",
                    "longest time to wait for an answer, and for the next bytes of it",
                    Duration.ofMillis(1),
                    Duration.ofHours(1))
            .defaultsTo("10s");
    private static final Setting<String> HTTP_VERSION = Setting.choice(
                    "http-version", "the newest version to use; 2 only over TLS, with servers that know it", "1.1", "2")
            .defaultsTo("2");

    /** How to connect, without credentials. */
    public static final List<Setting<?>> CONNECTION = List.of(CA, CONNECT_TIMEOUT, TIMEOUT, HTTP_VERSION);

    /** Credentials that are the same for all requests. */
    public static final List<Setting<?>> CREDENTIALS = List.of(CREDENTIALS_FILE, CREDENTIALS_COMMAND);

    private HttpSettings() {}

    /**
     * Prepares a transport.
     *
     * @param settings a group with those of {@link #CONNECTION}
     * @return the transport, which has not touched the network
     * @throws IOException if there is something wrong with the file of certificates
     */
    public static HttpTransport transport(Settings settings) throws IOException {
        return transport(settings, settings.get(TIMEOUT));
    }

    /**
     * Prepares a transport for answers that are long in coming, as after an upload.
     *
     * @param settings a group with those of {@link #CONNECTION}
     * @param patience longest time to wait for an answer, whatever the settings say
     * @return the transport, which has not touched the network
     * @throws IOException if there is something wrong with the file of certificates
     */
    public static HttpTransport transport(Settings settings, Duration patience) throws IOException {
        SSLContext tls = null;
        Optional<Path> ca = settings.find(CA);
        if (ca.isPresent()) {
            try {
                tls = TrustedCertificates.of(ca.get());
            } catch (IOException e) {
                throw settings.refuse(CA, Failures.describe(e));
            }
        }
        return new HttpTransport(new HttpTransport.Options(
                settings.get(CONNECT_TIMEOUT),
                patience,
                settings.get(HTTP_VERSION).equals("2"),
                tls));
    }

    /**
     * Gives the credentials, which are not asked for yet.
     *
     * @param settings  a group with those of {@link #CREDENTIALS}
     * @param plainText whether the requests are not encrypted, so that credentials must not be sent
     * @return the credentials, or empty if there are none
     * @throws IOException if the settings do not go together
     */
    public static Optional<Authorization> credentials(Settings settings, boolean plainText) throws IOException {
        return origin(settings, plainText).map(AskedCredentials::new);
    }

    /**
     * Tells where the credentials come from, which are not asked for yet.
     *
     * @param settings  a group with those of {@link #CREDENTIALS}
     * @param plainText whether the requests are not encrypted, so that credentials must not be sent
     * @return the origin, or empty if there is none
     * @throws IOException if the settings do not go together
     */
    public static Optional<CredentialOrigin> origin(Settings settings, boolean plainText) throws IOException {
        Optional<Path> file = settings.find(CREDENTIALS_FILE);
        Optional<String> command = settings.find(CREDENTIALS_COMMAND);
        if (file.isPresent() && command.isPresent()) {
            throw settings.refuse(CREDENTIALS_COMMAND, "excludes credentials-file");
        }
        if (file.isEmpty() && command.isEmpty()) {
            return Optional.empty();
        }
        if (plainText) {
            throw settings.refuse(
                    file.isPresent() ? CREDENTIALS_FILE : CREDENTIALS_COMMAND,
                    "credentials would go over the network as plain text; use https");
        }
        if (file.isPresent()) {
            return Optional.of(new CredentialFile(file.get()));
        }
        return Optional.of(() -> Credentials.header(
                Program.run(List.of("/bin/sh", "-c", command.orElseThrow()), ""),
                "what the command for credentials has printed"));
    }

    /**
     * Tells whether what is sent to a URL can be read on the way.
     *
     * @param uri the URL
     * @return whether it is neither encrypted nor for this machine itself
     */
    public static boolean isPlainText(URI uri) {
        return !"https".equalsIgnoreCase(uri.getScheme()) && !isLoopback(uri.getHost());
    }

    /**
     * Tells whether a host is this machine, by its address or the name {@code localhost}; no other name is looked up.
     *
     * @param host the host of a URL
     * @return whether it is so
     */
    public static boolean isLoopback(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return true;
        }
        if (!host.matches("[0-9.]+|\\[.*]")) {
            return false;
        }
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
