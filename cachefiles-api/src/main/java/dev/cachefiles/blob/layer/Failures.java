// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.MalformedURLException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** What to make of a failure. */
final class Failures {
    private Failures() {}

    /** Whether another attempt may succeed; an exception of unknown meaning is taken for one of the network. */
    static boolean isTransient(IOException e) {
        if (e instanceof TransientException || e instanceof SocketTimeoutException) {
            return true;
        }
        return !(e instanceof PermanentException
                || e instanceof FileSystemException
                || e instanceof FileNotFoundException
                || e instanceof MalformedURLException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException
                || e instanceof ClosedChannelException
                || e instanceof InterruptedIOException);
    }

    /** Whether the caller has stopped to wait, so that nothing more is to be tried for it. */
    static boolean isStopped(Deadline deadline) {
        return Thread.currentThread().isInterrupted() || deadline.nanosLeft() <= 0;
    }

    /** Waits; an interrupt stays set, and ends the call. */
    static void sleep(Ticker ticker, long nanos, String what) throws InterruptedIOException {
        try {
            ticker.sleep(nanos);
        } catch (InterruptedException e) {
            throw interrupted(what);
        }
    }

    static InterruptedIOException interrupted(String what) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while " + what);
    }
}
