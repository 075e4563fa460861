// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.settings.YamlFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Reads from a web server what a daemon reads when an image is first mounted, so that the build can put the classes that
 * this takes into the archive from which the daemon starts. Is run by {@code launch --archive} alone.
 */
final class Rehearsal {

    private Rehearsal() {}

    /**
     * Runs it: {@code DIRECTORY PASSWORD}, a directory of its own in which there are a certificate for 127.0.0.1, {@code
     * certificate.pem}, and its key, {@code keys.p12}.
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        try (var server = OneByteServer.start(keys(directory.resolve("keys.p12"), arguments[1]))) {
            Path file = Files.writeString(directory.resolve("rehearsal.yaml"), """
                    cache: {directory: %1$s/cache}
                    sources:
                      web: {type: http, url: "https://127.0.0.1:%2$d/", ca: %1$s/certificate.pem}
                    """.formatted(directory, server.port()));
            read(DaemonConfig.read(YamlFile.read(file)));
        }
        System.exit(0);
    }

    private static SSLContext keys(Path file, String password) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, password.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, password.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** On a virtual thread, as the daemon does it. */
    private static void read(DaemonConfig config) throws IOException, InterruptedException, ExecutionException {
        try (var router = new Router(new BoundCache(config, new OpenBlobs()).guard())) {
            router.replace(config.sources(), Reloader.preflight(config));
            var reading = new FutureTask<Void>(() -> {
                try (BlobSource blob = router.resolve(BlobKeys.of("image", "image"));
                        Arena arena = Arena.ofConfined()) {
                    blob.read(0, arena.allocate(blob.size()));
                }
                return null;
            });
            Thread.ofVirtual().start(reading);
            reading.get();
        }
    }
}
