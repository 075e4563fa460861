// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What failures of the HTTP client mean. */
final class Causes {
    private static final int DEPTH = 10;

    private Causes() {}

    /** Makes an exception of one with which a request has ended before there was an answer. */
    static IOException of(String what, Throwable failure) {
        if (has(failure, UnresolvedAddressException.class)) {
            return new TransientException(what + ": the host's name is not known", failure);
        }
        if (has(failure, HttpConnectTimeoutException.class)) {
            return new TransientException(what + ": no connection in time", failure);
        }
        if (has(failure, ConnectException.class)) {
            return new TransientException(what + ": cannot connect: " + text(failure), failure);
        }
        if (has(failure, CertificateException.class) || has(failure, CertPathValidatorException.class)) {
            return new PermanentException(
                    what + ": the server's certificate is not trusted (" + text(failure)
                            + "); name its CA with the setting 'ca'",
                    failure);
        }
        if (has(failure, SSLException.class)) {
            return new TransientException(what + ": TLS: " + text(failure), failure);
        }
        if (failure instanceof IOException) {
            return new TransientException(what + ": " + text(failure), failure);
        }
        return new PermanentException(what + ": " + failure, failure);
    }

    /** The first message that says something, from the outside in. */
    static String text(Throwable failure) {
        Throwable at = failure;
        for (int i = 0; i < DEPTH && at != null; i++) {
            String message = at.getMessage();
            if (message != null && !message.isBlank()) {
                return message.lines().findFirst().orElse(message);
            }
            at = at.getCause();
        }
        return failure instanceof ConnectException
                ? "nothing listens there"
                : failure.getClass().getSimpleName();
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        @Nullable Throwable at = failure;
        for (int i = 0; i < DEPTH && at != null; i++) {
            if (type.isInstance(at)) {
                return true;
            }
            at = at.getCause();
        }
        return false;
    }
}
