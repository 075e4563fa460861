// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Credentials in a file, which may be replaced at any time. */
final class CredentialFile implements CredentialOrigin {
    private static final long MOST = 64 * 1024;

    private final Path file;

    CredentialFile(Path file) {
        this.file = file;
    }

    @Override
    public String header() throws IOException {
        String text;
        try {
            if (Files.size(file) > MOST) {
                throw new PermanentException(file + ": is too large for a file with credentials");
            }
            text = Files.readString(file);
        } catch (PermanentException e) {
            throw e;
        } catch (IOException e) {
            // Not the blob is missing; a missing blob would be passed on to the next source.
            throw new PermanentException("the file with the credentials cannot be read: " + Failures.describe(e), e);
        }
        return Credentials.header(text, file.toString());
    }
}
