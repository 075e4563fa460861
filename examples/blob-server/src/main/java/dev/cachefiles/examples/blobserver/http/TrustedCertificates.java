// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates that people trust besides those of the system. */
final class TrustedCertificates {

    private TrustedCertificates() {}

    /**
     * Makes a context that trusts the certificates in a file, and no others.
     *
     * @param file one or more certificates in PEM
     * @throws IOException if the file cannot be read, or holds none
     */
    static SSLContext of(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.isEmpty()) {
                throw new IOException(file + ": holds no certificate");
            }
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("ca-" + number++, certificate);
            }
            var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (CertificateException e) {
            throw new IOException(file + ": is not a file of certificates in PEM: " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": cannot be used: " + e.getMessage(), e);
        }
    }
}
