// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The channel without a server: a loop of one's own. */
class ChannelTest {
    private static final int SIZE = 100_000;

    private final FakeKernel kernel = FakeKernel.create();
    private final TestBlob blob = new TestBlob(SIZE);

    @AfterEach
    void nothingIsLeft() {
        KernelAssert.assertThat(kernel).isClean();
    }

    private CachefilesChannel channel() throws IOException {
        return CachefilesChannel.open(Daemon.OPTIONS, kernel);
    }

    private static <T extends Request> T take(CachefilesChannel channel, Class<T> type) throws IOException {
        return assertInstanceOf(type, channel.take());
    }

    @Test
    void aLoopOfOnesOwnServes() throws Exception {
        try (CachefilesChannel channel = channel()) {
            var mounting = kernel.mountAsync("a");
            OpenRequest open = take(channel, OpenRequest.class);
            assertEquals("OPEN #0 o1 erofs,a/a", open.toString());
            assertFalse(open.isReopen());
            open.accept(SIZE);
            assertThrows(IllegalStateException.class, () -> open.accept(SIZE));
            FakeMount mount = mounting.get();
            var reading = mount.readAsync(0, SIZE);
            ReadRequest read = take(channel, ReadRequest.class);
            assertEquals("READ #1 o1 [0 +102400)", read.toString());
            blob.put(read, 0, SIZE);
            assertTrue(read.complete());
            assertArrayEquals(blob.bytes, reading.get());
            mount.unmount();
            CloseRequest close = take(channel, CloseRequest.class);
            assertEquals("CLOSE #2 o1", close.toString());
            assertEquals(1, kernel.openFds());
            close.complete();
            close.complete();
            assertEquals(0, kernel.openFds());
        }
    }

    @Test
    void aBindThatTheKernelRefusesClosesTheDeviceAndNamesTheCure() {
        FakeKernel old = FakeKernel.builder().withoutOnDemand().build();
        var thrown = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(Daemon.OPTIONS, old));
        assertEquals(Errno.EINVAL, thrown.errno());
        assertTrue(thrown.getMessage().contains("CONFIG_CACHEFILES_ONDEMAND"), thrown.getMessage());
        KernelAssert.assertThat(old).isClean();
    }

    @Test
    void aSecurityContextWithoutASecurityModuleIsExplained() {
        CacheOptions options = CacheOptions.builder(Path.of("/cache"))
                .securityContext("system_u:object_r:cachefiles_t:s0")
                .build();
        var thrown = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(options, kernel));
        assertEquals(Errno.EOPNOTSUPP, thrown.errno());
        assertTrue(thrown.cure().orElseThrow().contains("leave the option out"));
    }

    @ParameterizedTest(name = "run {0}, cull {1}, stop {2}")
    @CsvSource({"7, 5, 1", "99, 98, 97", "2, 1, 0", "6, 4, 2", "60, 50, 40", "5, 3, 2", "9, 8, 7", "3, 2, 1"})
    void theKernelTakesLimitsInTheOrderInWhichTheyAreSet(int run, int cull, int stop) throws IOException {
        var limits = new CacheOptions.Limits(run, cull, stop);
        CachefilesChannel.open(
                        CacheOptions.builder(Path.of("/cache"))
                                .blockLimits(limits)
                                .fileLimits(limits)
                                .build(),
                        kernel)
                .close();
    }

    @Test
    void directoryAndTagReachTheKernelAsTheyAre() throws IOException {
        CachefilesChannel.open(
                        CacheOptions.builder(Path.of("/var/cache/große Bilder"))
                                .tag("two words")
                                .build(),
                        kernel)
                .close();
        assertEquals(List.of("dir /var/cache/große Bilder", "tag two words", "bind ondemand"), kernel.commands());
    }

    @Test
    void pollEndsWithItsTimeout() throws Exception {
        try (CachefilesChannel channel = channel()) {
            assertNull(channel.poll(Duration.ZERO));
            assertNull(channel.poll(Duration.ofMillis(5)));
            assertNull(channel.poll(Duration.ofSeconds(-1)));
        }
    }

    @Test
    void wakeupEndsOneWait() throws Exception {
        try (CachefilesChannel channel = channel()) {
            var waiting = Async.<@Nullable Object>start("taker", () -> takeUnchecked(channel));
            channel.wakeup();
            assertNull(waiting.get());
            channel.wakeup();
            assertNull(channel.take());
            assertNull(channel.poll(Duration.ZERO));
        }
    }

    @Test
    void closeWakesAllWhoWait() throws Exception {
        CachefilesChannel channel = channel();
        var waiting = new ArrayList<CompletableFuture<@Nullable Object>>();
        for (int i = 0; i < 4; i++) {
            waiting.add(Async.start("taker", () -> takeUnchecked(channel)));
        }
        while (kernel.counters().deviceWaits() < 4) {
            Thread.onSpinWait();
        }
        channel.close();
        for (CompletableFuture<@Nullable Object> taker : waiting) {
            var thrown = assertThrows(ExecutionException.class, taker::get);
            assertInstanceOf(AsynchronousCloseException.class, thrown.getCause().getCause());
        }
        assertThrows(ClosedChannelException.class, channel::take);
        assertFalse(channel.isOpen());
        channel.wakeup();
        channel.close();
    }

    @Test
    void aWakeupThatIsTakenBackDoesNotTakeTheOneOfCloseWithIt() throws Exception {
        var lateWaits = new CountDownLatch(1);
        var clears = new CountDownLatch(1);
        var closeHasWoken = new CountDownLatch(2);
        var cleared = new CountDownLatch(1);
        CachefilesChannel channel =
                CachefilesChannel.open(Daemon.OPTIONS, device -> new DelegatingDevice(kernel.open(device)) {
                    @Override
                    public int await(long timeoutNanos) {
                        if (Thread.currentThread().getName().equals("late")) {
                            lateWaits.countDown();
                            pass(cleared);
                        }
                        return super.await(timeoutNanos);
                    }

                    @Override
                    public void wake() {
                        super.wake();
                        closeHasWoken.countDown();
                    }

                    @Override
                    public void clearWake() {
                        clears.countDown();
                        pass(closeHasWoken);
                        super.clearWake();
                        cleared.countDown();
                    }
                });
        var late = Async.<@Nullable Object>start("late", () -> takeUnchecked(channel));
        pass(lateWaits);
        var first = Async.<@Nullable Object>start("first", () -> takeUnchecked(channel));
        channel.wakeup();
        pass(clears);
        Async.start("closer", () -> {
                    channel.close();
                    return true;
                })
                .get(20, TimeUnit.SECONDS);
        assertThrows(ExecutionException.class, late::get);
        assertNull(first.get());
    }

    @Test
    void anFdDoesNotCloseBetweenTheDeliveryOfAReadAndItsRegistration() throws Exception {
        var object = new CompletableFuture<CacheObject>();
        CachefilesChannel channel =
                CachefilesChannel.open(Daemon.OPTIONS, device -> new DelegatingDevice(kernel.open(device)) {
                    @Override
                    public int read(MemorySegment buffer) {
                        int length = super.read(buffer);
                        if (length == 32) {
                            Thread closer = Thread.ofPlatform()
                                    .start(() -> object.join().fd().close());
                            while (closer.isAlive() && closer.getState() != Thread.State.WAITING) {
                                Thread.onSpinWait();
                            }
                        }
                        return length;
                    }
                });
        try (channel) {
            var mounting = kernel.mountAsync("a");
            OpenRequest open = take(channel, OpenRequest.class);
            open.accept(SIZE);
            FakeMount mount = mounting.get();
            object.complete(open.object());
            var reading = mount.readAsync(0, SIZE);
            ReadRequest read = take(channel, ReadRequest.class);
            blob.put(read, 0, SIZE);
            assertTrue(read.complete());
            assertArrayEquals(blob.bytes, reading.get());
            kernel.awaitOpenFds(0);
        }
    }

    private static void pass(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Object takeUnchecked(CachefilesChannel channel) {
        try {
            return channel.take();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRequestThatIsAnsweredAfterTheCloseStillHasItsFd() throws Exception {
        CachefilesChannel channel = channel();
        var mounting = kernel.mountAsync("a");
        take(channel, OpenRequest.class).accept(SIZE);
        var reading = mounting.get().readAsync(0, 10);
        ReadRequest read = take(channel, ReadRequest.class);
        channel.close();
        assertThrows(ExecutionException.class, reading::get);
        assertEquals(1, kernel.openFds());
        read.fail();
        assertEquals(0, kernel.openFds());
    }

    @Test
    void anOpenThatIsAnsweredAfterTheCloseIsRefusedByTheChannel() throws Exception {
        CachefilesChannel channel = channel();
        var mounting = kernel.mountAsync("a");
        OpenRequest open = take(channel, OpenRequest.class);
        channel.close();
        assertThrows(ExecutionException.class, mounting::get);
        assertThrows(ClosedChannelException.class, () -> open.accept(SIZE));
    }

    @Test
    void anOpenWhoseFdWasClosedIsNotAskedForItsFile() throws Exception {
        CachefilesChannel channel = channel();
        var first = kernel.mountAsync("a");
        OpenRequest givenBack = take(channel, OpenRequest.class);
        givenBack.object().fd().close();
        assertFalse(givenBack.isReopen());
        givenBack.refuse(Errno.EIO);
        assertThrows(ExecutionException.class, first::get);
        var second = kernel.mountAsync("b");
        OpenRequest late = take(channel, OpenRequest.class);
        channel.close();
        assertThrows(ExecutionException.class, second::get);
        assertFalse(late.isReopen());
        assertThrows(ClosedChannelException.class, () -> late.refuse(Errno.EIO));
    }

    @Test
    void anOpenThatNoOneWaitsForIsToldSoAndItsFdCloses() throws Exception {
        try (CachefilesChannel channel = channel()) {
            var mounting = kernel.mountAsync("a");
            OpenRequest open = take(channel, OpenRequest.class);
            kernel.disk().fail();
            assertThrows(ExecutionException.class, mounting::get);
            assertEquals(
                    Errno.EIO,
                    assertThrows(CachefilesException.class, () -> open.accept(SIZE))
                            .errno());
            assertEquals(0, kernel.openFds());
        }
    }

    @Test
    void withoutAFreeFdTakeSaysSoAndGoesOn() throws Exception {
        try (CachefilesChannel channel = channel()) {
            kernel.process().limitFds(3);
            var mounting = kernel.mountAsync("a");
            var thrown = assertThrows(CachefilesException.class, channel::take);
            assertEquals(Errno.EMFILE, thrown.errno());
            assertTrue(thrown.cure().orElseThrow().contains("ulimit -n"));
            assertThrows(ExecutionException.class, mounting::get);
            kernel.process().limitFds(4);
            var again = kernel.mountAsync("a");
            take(channel, OpenRequest.class).accept(1);
            again.get();
        }
    }
}
