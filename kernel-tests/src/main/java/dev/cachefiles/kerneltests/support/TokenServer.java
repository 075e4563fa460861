// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Gives tokens for a registry to the user {@code me} with the password {@code secret}: as the distribution's specification of
 * tokens has it, signed with the key of the TLS certificate. They are good for half a minute.
 */
public final class TokenServer implements AutoCloseable {
    /** Who signs. */
    static final String ISSUER = "tokens";

    /** For whom the tokens are. */
    static final String SERVICE = "registry";

    static final String REALM = "https://127.0.0.1:5001/token";

    private static final int PORT = 5001;

    /** A registry takes a token for a minute longer than it says. */
    private static final int SECONDS = 30 - 60;

    private static final String PASSWORD = "memory";

    private final HttpsServer server;
    private final Certificate certificate;
    private final PrivateKey key;
    private final List<String> tokens = new CopyOnWriteArrayList<>();

    private TokenServer(HttpsServer server, Certificate certificate, PrivateKey key) {
        this.server = server;
        this.certificate = certificate;
        this.key = key;
    }

    /** Starts it on its port. */
    public static TokenServer start(TlsFiles tls) throws IOException, GeneralSecurityException {
        PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pem(tls.key())));
        Certificate certificate;
        try (var in = Files.newInputStream(tls.certificate())) {
            certificate = CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", key, PASSWORD.toCharArray(), new Certificate[] {certificate});
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT), 50);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        var tokens = new TokenServer(server, certificate, key);
        server.createContext("/token", tokens::answer);
        server.start();
        return tokens;
    }

    private static byte[] pem(Path file) throws IOException {
        String text = Files.readString(file).replaceAll("-----[A-Z ]+-----", "");
        return Base64.getMimeDecoder().decode(text);
    }

    /** The tokens that were given, in their order. */
    public List<String> given() {
        return List.copyOf(tokens);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String basic = "Basic " + Base64.getEncoder().encodeToString("me:secret".getBytes(StandardCharsets.UTF_8));
            if (!basic.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            String scope = "";
            for (String part : exchange.getRequestURI().getRawQuery().split("&", -1)) {
                if (part.startsWith("scope=")) {
                    scope = URLDecoder.decode(part.substring("scope=".length()), StandardCharsets.UTF_8);
                }
            }
            String token = token(scope);
            tokens.add(token);
            byte[] body = ("{\"token\":\"" + token + "\"}").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private String token(String scope) throws GeneralSecurityException {
        String[] parts = scope.split(":", -1); // such as repository:images/app:pull,push
        long now = System.currentTimeMillis() / 1000;
        String head = "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"x5c\":[\""
                + Base64.getEncoder().encodeToString(certificate.getEncoded()) + "\"]}";
        String claims = """
                {"iss":"%s","sub":"me","aud":"%s","exp":%d,"nbf":%d,"iat":%d,"jti":"%d",
                 "access":[{"type":"%s","name":"%s","actions":["%s"]}]}
                """.formatted(
                        ISSUER,
                        SERVICE,
                        now + SECONDS,
                        now - 600,
                        now - 600,
                        tokens.size(),
                        parts[0],
                        parts[1],
                        parts[2].replace(",", "\",\""));
        String signed =
                base64(head.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key);
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64(signature.sign());
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
