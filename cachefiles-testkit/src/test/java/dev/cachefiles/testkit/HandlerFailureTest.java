// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a handler throws ends no more than the one request. */
class HandlerFailureTest extends DaemonTest {

    /** The ways to fail. */
    enum Failure {
        IO,
        MISSING,
        NOT_FOUND,
        DENIED,
        ERRNO,
        UNCHECKED,
        ASSERTION,
        STACK,
        MEMORY,
        SNEAKY;

        void happen() throws IOException {
            switch (this) {
                case IO -> throw new IOException("backend down");
                case MISSING -> throw new NoSuchFileException("blob");
                case NOT_FOUND -> throw new FileNotFoundException("blob");
                case DENIED -> throw new AccessDeniedException("blob");
                case ERRNO -> throw new CachefilesException("blob", Errno.ESTALE);
                case UNCHECKED -> throw new UncheckedIOException(new IOException("backend down"));
                case ASSERTION -> throw new AssertionError("cannot be");
                case STACK -> recurse();
                case MEMORY -> throw new OutOfMemoryError("no more of it");
                case SNEAKY -> HandlerFailureTest.<RuntimeException>sneak(new TimeoutException("not declared"));
            }
        }

        @SuppressWarnings("InfiniteRecursion")
        private static void recurse() {
            recurse();
        }

        /** What an OPEN is refused with. */
        Errno errno() {
            return switch (this) {
                case MISSING, NOT_FOUND -> Errno.ENOENT;
                case DENIED -> Errno.EACCES;
                case ERRNO -> Errno.ESTALE;
                case MEMORY -> Errno.ENOMEM;
                default -> Errno.EIO;
            };
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable t) throws T {
        throw (T) t;
    }

    /** Fails the first time it is asked, in one place. */
    private static class FailsOnce extends TestBlob {
        private final String where;
        private final Failure failure;
        private boolean failed;

        FailsOnce(String where, Failure failure) {
            super(10_000);
            this.where = where;
            this.failure = failure;
        }

        private void at(String place) throws IOException {
            if (place.equals(where) && !failed) {
                failed = true;
                failure.happen();
            }
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            at("open");
            return super.open(request);
        }

        @Override
        public void opened(CacheObject object) throws IOException {
            at("opened");
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            at("read");
            super.read(request);
        }

        @Override
        public void close(CloseRequest request) throws IOException {
            at("close");
        }
    }

    @ParameterizedTest
    @EnumSource
    void inOpenItFailsTheMountAndTheNextWorks(Failure failure) throws Exception {
        var blob = new FailsOnce("open", failure);
        Daemon daemon = start(blob);
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> kernel.mount("a")).errno());
        assertEquals("copen 0,-" + failure.errno().number(), kernel.commands().getLast());
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, 10_000));
        assertEquals(1, kernel.openFds(), "the fd of the refused OPEN is closed");
        daemon.close();
        assertEquals(1, daemon.openFailures.size());
    }

    @ParameterizedTest
    @EnumSource
    void inReadItFailsTheReaderAndTheNextReadWorks(Failure failure) throws Exception {
        var blob = new FailsOnce("read", failure) {
            private int reads;

            @Override
            public void read(ReadRequest request) throws IOException {
                // The kernel asks twice before the reader fails.
                if (reads++ == 1) {
                    throw new IOException("again");
                }
                super.read(request);
            }
        };
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, 10_000))
                        .errno());
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
        daemon.close();
        assertEquals(2, daemon.readFailures.size());
        assertEquals(3, kernel.counters().reads());
        assertEquals(0, kernel.counters().refusedAnswers());
    }

    @ParameterizedTest
    @EnumSource
    void inOpenedItIsReportedAndReadersAreServed(Failure failure) throws Exception {
        var blob = new FailsOnce("opened", failure);
        Daemon daemon = start(blob);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, 10_000));
        daemon.close();
        assertEquals(1, daemon.troubles.size());
    }

    @ParameterizedTest
    @EnumSource
    void inCloseItIsReportedAndTheFdClosesAllTheSame(Failure failure) throws Exception {
        var blob = new FailsOnce("close", failure);
        Daemon daemon = start(blob);
        kernel.mount("a").unmount();
        kernel.awaitOpenFds(0);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, 10_000));
        daemon.close();
        assertEquals(1, daemon.troubles.size());
        assertEquals(2, daemon.closed.size());
    }

    @Test
    void aListenerThatThrowsChangesNothing() throws Exception {
        var blob = new TestBlob(10_000);
        start(
                blob,
                builder -> builder.listener(new OnDemandListener() {
                    @Override
                    public void opened(OpenRequest request, long size) {
                        throw new IllegalStateException("opened");
                    }

                    @Override
                    public void read(ReadRequest request, Duration elapsed) {
                        throw new AssertionError("read");
                    }

                    @Override
                    public void closed(CloseRequest request) {
                        throw new IllegalStateException("closed");
                    }
                }));
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, 10_000));
    }

    @Test
    void theCauseReachesTheListener() throws Exception {
        Daemon daemon = start(new FailsOnce("open", Failure.UNCHECKED));
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        daemon.close();
        assertInstanceOf(UncheckedIOException.class, daemon.openFailures.getFirst());
    }
}
