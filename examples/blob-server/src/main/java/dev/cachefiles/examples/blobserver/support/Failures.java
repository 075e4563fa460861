// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Words for exceptions, on one line. */
public final class Failures {

    private Failures() {}

    /**
     * Says what failed and why.
     *
     * @param failure the exception
     * @return one line
     */
    public static String describe(Throwable failure) {
        String message = failure.getMessage();
        String text = switch (failure) {
            case NoSuchFileException e -> reason(e, "no such file or directory");
            case AccessDeniedException e -> reason(e, "permission denied");
            case IOException e -> message == null ? e.toString() : message;
            case UnsupportedOperationException e -> message == null ? e.toString() : message;
            default -> failure.toString();
        };
        return text.replace('\n', ' ');
    }

    private static String reason(FileSystemException failure, String otherwise) {
        @Nullable String reason = failure.getReason();
        return failure.getFile() + ": " + (reason == null ? otherwise : reason);
    }
}
