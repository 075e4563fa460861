// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.ObjectId;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageEncoder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** CLOSE: the kernel lets an object go. */
class ClosingTest extends DaemonTest {

    /** Records what happens, in order; holds READs back if told to. */
    private static final class Recording extends TestBlob {
        final List<String> events = new CopyOnWriteArrayList<>();
        final BlockingQueue<CacheObject> objects = new LinkedBlockingQueue<>();
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch goOn;
        volatile boolean fdOpenInClose;

        Recording(boolean holding) {
            super(10_000);
            goOn = new CountDownLatch(holding ? 1 : 0);
        }

        @Override
        public void opened(CacheObject object) {
            objects.add(object);
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            entered.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            super.read(request);
            events.add("read returns");
        }

        @Override
        public void close(CloseRequest request) throws IOException {
            if (request.object().isEmpty()) {
                events.add("close unknown");
                return;
            }
            CacheObject object = request.object().get();
            fdOpenInClose = object.fd().isFilled(0, 10);
            events.add("close " + object.cookie());
        }
    }

    @Test
    void theHandlerHearsOfItOnceAndTheFdClosesAfterwards() throws Exception {
        var blob = new Recording(false);
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, 10);
        mount.unmount();
        kernel.awaitOpenFds(0);
        daemon.close();
        assertEquals(List.of("read returns", "close a"), blob.events);
        assertTrue(blob.fdOpenInClose);
        assertEquals(1, daemon.closed.size());
        assertSame(blob.objects.take(), daemon.closed.getFirst().object().orElseThrow());
    }

    @Test
    void itWaitsForAReadThatIsUnderWay() throws Exception {
        var blob = new Recording(true);
        start(blob, 2);
        FakeMount mount = kernel.mount("a");
        killReaderOf(mount, blob);
        mount.unmount();
        kernel.awaitAllAnswered();
        // The CLOSE was read, and the handler of the killed reader's READ still has the fd.
        assertEquals(1, kernel.openFds());
        assertEquals(List.of(), blob.events);
        blob.goOn.countDown();
        kernel.awaitOpenFds(0);
        assertEquals(
                List.of("close a"),
                blob.events.stream().filter(e -> e.startsWith("close")).toList());
    }

    @Test
    void aMountWhileTheCloseWaitsGetsAnObjectOfItsOwn() throws Exception {
        var blob = new Recording(true);
        start(blob, 2);
        FakeMount mount = kernel.mount("a");
        killReaderOf(mount, blob);
        mount.unmount();
        FakeMount second = kernel.mount("a");
        assertEquals(2, kernel.openFds());
        blob.goOn.countDown();
        assertArrayEquals(blob.bytes, second.read(0, 10_000));
        kernel.awaitOpenFds(1);
        assertFalse(blob.objects.take().fd().isOpen());
        assertTrue(blob.objects.take().fd().isOpen());
    }

    /** Starts to read, and kills the reader once the handler is at work. */
    private static void killReaderOf(FakeMount mount, Recording blob) throws InterruptedException {
        var ended = new CompletableFuture<Throwable>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                mount.read(0, 10);
            } catch (Throwable t) {
                ended.complete(t);
            }
        });
        blob.entered.await();
        reader.interrupt();
        ended.join();
    }

    @Test
    void anUnknownObjectIsNoTrouble() throws Exception {
        var blob = new Recording(false);
        Daemon daemon = start(blob);
        kernel.faults().inject(MessageEncoder.encode(new Message.Close(77, ObjectId.CLOSED.bits())));
        kernel.faults().inject(MessageEncoder.encode(new Message.Close(78, 4711)));
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, 10_000));
        daemon.close();
        assertEquals(3, daemon.closed.size());
        assertTrue(daemon.closed.getFirst().object().isEmpty());
        assertEquals(ObjectId.CLOSED, daemon.closed.getFirst().objectId());
        assertEquals(List.of(), daemon.troubles);
        assertEquals(List.of("close unknown", "close unknown", "read returns", "close a"), blob.events);
    }

    @Test
    void objectsAreClosedAndOpenedAgainAsMountsComeAndGo() throws Exception {
        var blob = new Recording(false);
        start(blob, 2);
        for (int i = 0; i < 20; i++) {
            FakeMount mount = kernel.mount("d", "a", "b");
            assertArrayEquals(blob.bytes, mount.read("b", 0, 10_000));
            mount.unmount();
        }
        kernel.awaitOpenFds(0);
        assertEquals(40, kernel.counters().closes());
        assertEquals(1, kernel.counters().reads());
    }
}
