// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;

/** What {@code mvnw} needs and not every machine has a command for: a download, and a SHA-512. Run from its source. */
class Fetch {
    private static final String USAGE = "usage: java Fetch.java download URL FILE | sha512 FILE";

    public static void main(String[] args) throws Exception {
        try {
            if (args.length == 3 && args[0].equals("download")) {
                download(URI.create(args[1]), Path.of(args[2]));
            } else if (args.length == 2 && args[0].equals("sha512")) {
                System.out.println(sha512(Path.of(args[1])));
            } else {
                throw new IllegalArgumentException(USAGE);
            }
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(e.getMessage() == null ? e : e.getMessage());
            System.exit(1);
        }
    }

    private static void download(URI from, Path to) throws IOException, InterruptedException {
        try (var http = client()) {
            var request = HttpRequest.newBuilder(from).timeout(Duration.ofMinutes(5)).build();
            var response = http.send(request, HttpResponse.BodyHandlers.ofFile(to));
            if (response.statusCode() != 200) {
                throw new IOException("HTTP status " + response.statusCode());
            }
        }
    }

    /** A client that goes through {@code https_proxy}, as curl and wget do. */
    private static HttpClient client() {
        var http = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(Duration.ofSeconds(30));
        String proxy = System.getenv().getOrDefault("https_proxy", System.getenv().getOrDefault("HTTPS_PROXY", ""));
        if (!proxy.isEmpty()) {
            URI address = URI.create(proxy.contains("://") ? proxy : "http://" + proxy);
            int port = address.getPort() == -1 ? 80 : address.getPort();
            http.proxy(ProxySelector.of(new InetSocketAddress(address.getHost(), port)));
        }
        return http.build();
    }

    private static String sha512(Path file) throws Exception {
        var digest = MessageDigest.getInstance("SHA-512");
        try (var in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
