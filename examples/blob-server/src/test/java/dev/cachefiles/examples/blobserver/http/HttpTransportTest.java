// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.cachefiles.blob.PermanentException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HttpTransportTest {
    private ScriptedServer server;
    private ScriptedServer other;
    private HttpTransport transport;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        server = new ScriptedServer(new byte[10]);
        other = new ScriptedServer(new byte[10]);
        transport = transport(null);
    }

    @AfterEach
    void stop() {
        transport.close();
        server.close();
        other.close();
    }

    private static HttpTransport transport(@Nullable SSLContext tls) {
        return new HttpTransport(new HttpTransport.Options(Duration.ofSeconds(30), Duration.ofSeconds(30), true, tls));
    }

    private static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().set("Location", location);
        ScriptedServer.status(exchange, 302);
    }

    private int get(Authorization authorization) throws IOException {
        try (HttpAnswer answer =
                transport.send(server.uri("/a"), authorization, request -> request.setHeader("Range", "bytes=0-0"))) {
            return answer.status();
        }
    }

    @Test
    void credentialsStayWithTheirServerWhenItRedirects() throws IOException {
        server.script = exchange -> {
            if (exchange.getRequestURI().getPath().equals("/a")) {
                redirect(exchange, "/b");
            } else {
                redirect(exchange, other.uri("/c").toString());
            }
        };
        assertEquals(206, get(file("me:secret")));
        assertEquals(
                List.of("Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0"),
                server.asked.stream()
                        .map(asked -> asked.header("Authorization"))
                        .toList());
        assertEquals(
                List.of("null"),
                other.asked.stream().map(asked -> asked.header("Authorization")).toList());
    }

    @Test
    void redirectsWithoutEndAreGivenUp() {
        server.script = exchange -> redirect(exchange, "/a");
        assertThrows(PermanentException.class, () -> get(Authorization.NONE));
        assertEquals(6, server.asked.size());
    }

    @Test
    void aRedirectToAnotherSchemeIsNotFollowed() {
        server.script = exchange -> redirect(exchange, "file:///etc/passwd");
        var failure = assertThrows(PermanentException.class, () -> get(Authorization.NONE));
        assertTrue(failure.getMessage().contains("redirects"), failure.getMessage());
    }

    @Test
    void aFileWithCredentialsIsReadAgainWhenTheyAreRefused() throws IOException {
        Authorization authorization = file("Bearer old");
        assertEquals(206, get(authorization));
        server.script = exchange -> {
            if (exchange.getRequestHeaders().getFirst("Authorization").equals("Bearer new")) {
                server.serve(exchange);
            } else {
                ScriptedServer.status(exchange, 401);
            }
        };
        assertEquals(401, get(authorization));
        Files.writeString(directory.resolve("credentials"), "Bearer new\n");
        assertEquals(206, get(authorization));
        assertEquals(4, server.asked.size()); // 206; 401; 401, 206
    }

    @Test
    void aCommandIsRunAgainWhenItsCredentialsAreRefused() throws IOException {
        Path count = directory.resolve("count");
        Authorization authorization = new AskedCredentials(() -> Credentials.header(
                Program.run(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "echo x >>" + count + "; echo user:$(wc -l <" + count + " | tr -d ' ')"),
                        ""),
                "the command"));
        server.script = exchange -> {
            boolean second =
                    exchange.getRequestHeaders().getFirst("Authorization").equals(Credentials.basic("user:2"));
            if (second) {
                server.serve(exchange);
            } else {
                ScriptedServer.status(exchange, 401);
            }
        };
        assertEquals(206, get(authorization));
        assertEquals(206, get(authorization));
        assertEquals(2, Files.readAllLines(count).size());
    }

    @Test
    void aCommandThatFailsIsNamedWithoutWhatItHasPrinted() {
        var failure = assertThrows(
                PermanentException.class,
                () -> Program.run(List.of("/bin/sh", "-c", "echo secret; echo 'no ticket' >&2; exit 3"), ""));
        assertTrue(failure.getMessage().contains("status 3: no ticket"), failure.getMessage());
        assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
    }

    @Test
    void aMissingFileWithCredentialsIsNotAMissingBlob() {
        Authorization authorization = new AskedCredentials(new CredentialFile(directory.resolve("none")));
        assertThrows(PermanentException.class, () -> get(authorization));
    }

    @Test
    void credentialsOfAnotherFormAreRefusedWithoutBeingShown() {
        for (String text : List.of("", "secret", "a:secret\nb:secret")) {
            var failure = assertThrows(PermanentException.class, () -> Credentials.header(text, "file"));
            assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
        }
    }

    @Test
    void theQueryOfAUrlIsNotShown() {
        server.script = exchange -> ScriptedServer.status(exchange, 500);
        var failure = assertThrows(IOException.class, () -> {
            try (HttpAnswer answer =
                    transport.send(server.uri("/a?signature=secret"), Authorization.NONE, request -> {})) {
                throw answer.failure();
            }
        });
        assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
    }

    @Test
    void aServerIsTrustedByItsCaAlone() throws Exception {
        Path store = directory.resolve("store.p12");
        Path certificate = directory.resolve("ca.pem");
        keytool("-genkeypair -alias a -keyalg EC -dname CN=localhost -ext SAN=IP:127.0.0.1,DNS:localhost", store);
        keytool("-exportcert -rfc -alias a -file " + certificate, store);
        var keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "password".toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "password".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        HttpsServer https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(context));
        var requests = new AtomicInteger();
        https.createContext("/", exchange -> {
            try (exchange) {
                requests.incrementAndGet();
                ScriptedServer.status(exchange, 204);
            }
        });
        https.start();
        URI uri = URI.create("https://127.0.0.1:" + https.getAddress().getPort() + "/");
        try (HttpTransport trusting = transport(TrustedCertificates.of(certificate));
                HttpAnswer answer = trusting.send(uri, Authorization.NONE, request -> {})) {
            assertEquals(204, answer.status());
            var failure = assertThrows(
                    PermanentException.class, () -> transport.send(uri, Authorization.NONE, request -> {}));
            assertTrue(failure.getMessage().contains("'ca'"), failure.getMessage());
            assertEquals(1, requests.get());
        } finally {
            https.stop(0);
        }
    }

    private static void keytool(String arguments, Path store) throws Exception {
        String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Program.run(
                List.of(
                        "/bin/sh",
                        "-c",
                        tool + " " + arguments + " -storetype PKCS12 -storepass password -keystore " + store),
                "");
    }

    private Authorization file(String credentials) throws IOException {
        Path file = Files.writeString(directory.resolve("credentials"), credentials);
        return new AskedCredentials(new CredentialFile(file));
    }
}
