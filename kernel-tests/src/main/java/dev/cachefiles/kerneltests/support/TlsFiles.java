// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A certificate for 127.0.0.1, which is its own CA.
 *
 * @param certificate in PEM
 * @param key         in PEM
 */
public record TlsFiles(Path certificate, Path key) {

    /** Makes a certificate, in a directory of its own in which it is called ca.crt. */
    public static TlsFiles create() throws IOException {
        Path directory = Files.createTempDirectory("tls");
        var files = new TlsFiles(directory.resolve("ca.crt"), directory.resolve("server.pem"));
        Shell.run(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "ec",
                        "-pkeyopt",
                        "ec_paramgen_curve:prime256v1",
                        "-nodes",
                        "-days",
                        "2",
                        "-subj",
                        "/CN=localhost",
                        "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout",
                        files.key().toString(),
                        "-out",
                        files.certificate().toString())
                .orThrow();
        return files;
    }
}
