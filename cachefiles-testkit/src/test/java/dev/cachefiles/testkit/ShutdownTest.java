// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a server. */
class ShutdownTest extends DaemonTest {
    private static final int SIZE = 20_000;

    /** Holds each request back until it is let go or interrupted. */
    private static final class Holding extends TestBlob {
        final String what;
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);
        final CompletableFuture<InterruptedException> interrupted = new CompletableFuture<>();

        Holding(String what) {
            super(SIZE);
            this.what = what;
        }

        private void hold(String where) throws IOException {
            if (!what.equals(where)) {
                return;
            }
            entered.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                interrupted.complete(e);
                throw new IOException("interrupted", e);
            }
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            hold("open");
            return super.open(request);
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            hold("read");
            super.read(request);
        }
    }

    private static CompletableFuture<Daemon> closing(Daemon daemon) {
        return Async.start("closer", () -> {
            daemon.close();
            return daemon;
        });
    }

    @Test
    void allFdsCloseBeforeTheDevice() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE));
        for (int i = 0; i < 5; i++) {
            kernel.mount("image" + i).read(0, 10);
        }
        assertEquals(5, kernel.openFds());
        daemon.close();
        assertEquals(0, kernel.openFds());
        assertFalse(kernel.isDeviceBusy());
        assertEquals(0, kernel.counters().closes());
    }

    @Test
    void aHandlerThatReturnsInTimeHasItsAnswerCounted() throws Exception {
        var holding = new Holding("read");
        Daemon daemon = start(holding);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        holding.entered.await();
        var closing = closing(daemon);
        holding.goOn.countDown();
        closing.get();
        assertArrayEquals(holding.bytes, reader.get());
    }

    @Test
    void aReadWhoseHandlerDoesNotReturnIsAnsweredWithoutData() throws Exception {
        var holding = new Holding("read");
        Daemon daemon = start(holding, builder -> builder.shutdownTimeout(Duration.ofMillis(20)));
        var reader = kernel.mount("a").readAsync(0, SIZE);
        holding.entered.await();
        daemon.close();
        var thrown = assertThrows(ExecutionException.class, reader::get);
        assertEquals(CachefilesException.class, thrown.getCause().getClass());
        assertEquals("READ_COMPLETE", kernel.answers().get(1).answer(), "answered, not left to the end of the cache");
        holding.interrupted.get();
        kernel.awaitOpenFds(0);
        assertInstanceOf(TimeoutException.class, daemon.readFailures.getFirst());
        assertEquals(0, kernel.counters().refusedAnswers());
    }

    @Test
    void anOpenWhoseHandlerDoesNotReturnIsRefused() throws Exception {
        var holding = new Holding("open");
        Daemon daemon = start(holding, builder -> builder.shutdownTimeout(Duration.ofMillis(20)));
        var mount = kernel.mountAsync("a");
        holding.entered.await();
        daemon.close();
        var thrown = assertThrows(ExecutionException.class, mount::get);
        assertEquals(Errno.ENOBUFS, ((CachefilesException) thrown.getCause()).errno());
        assertEquals("copen 0,-110", kernel.commands().getLast());
        holding.interrupted.get();
        kernel.awaitOpenFds(0);
    }

    @Test
    void requestsThatWereNotTakenFailInTheKernel() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build(); // in which no thread takes long, and none is replaced
        var holding = new Holding("read");
        Daemon daemon = start(holding, builder -> builder.shutdownTimeout(Duration.ofMillis(20)));
        FakeMount mount = kernel.mount("a");
        var first = mount.readAsync(0, 10);
        holding.entered.await();
        var second = mount.readAsync(0, 10);
        var third = kernel.mountAsync("b");
        await(() -> kernel.unanswered().size() == 3);
        daemon.close();
        assertThrows(ExecutionException.class, first::get);
        assertThrows(ExecutionException.class, second::get);
        assertThrows(ExecutionException.class, third::get);
        kernel.awaitOpenFds(0);
    }

    @Test
    void closeDoesNothingTheSecondTime() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE), 4);
        daemon.close();
        daemon.close();
        daemon.server.awaitTermination();
        start(new TestBlob(SIZE));
        daemon.close();
        kernel.mount("a").read(0, 10);
    }

    @Test
    void severalThreadsMayCloseAtOnce() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE), 4);
        kernel.mount("a").read(0, 10);
        var closings = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 8; i++) {
            closings.add(closing(daemon).thenRun(KernelAssert.assertThat(kernel)::isClean));
        }
        CompletableFuture.allOf(closings.toArray(CompletableFuture[]::new)).get();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aHandlerMayCloseItsServerAndIsStillAnsweredFor(int threads) throws Exception {
        var server = new AtomicReference<OnDemandServer>();
        var blob = new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                server.get().close();
                super.read(request);
            }
        };
        Daemon daemon = start(blob, threads);
        server.set(daemon.server);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.server.awaitTermination();
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void anInterruptOfTheClosingThreadIsKept() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE), 2);
        Thread.currentThread().interrupt();
        daemon.close();
        assertTrue(Thread.interrupted());
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void closingTheChannelUnderAServerEndsIt() throws Exception {
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel);
        var blob = new TestBlob(SIZE);
        try (var server =
                OnDemandServer.builder(channel).handler(blob).threads(2).start()) {
            kernel.mount("a").read(0, 10);
            channel.close();
            server.awaitTermination();
        }
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void aServerCanBeStartedAgainAndAgain() throws Exception {
        var blob = new TestBlob(SIZE);
        for (int i = 0; i < 5; i++) {
            Daemon daemon = start(blob, 2);
            FakeMount mount = kernel.mount("a");
            assertArrayEquals(blob.bytes, mount.read(0, SIZE));
            mount.unmount();
            daemon.close();
        }
        assertEquals(1, kernel.counters().reads());
    }
}
