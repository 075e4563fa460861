// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ObjectId;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages: what read and poll of the device give. */
class DeliveryTest {
    private static final int EMFILE = -Errno.EMFILE.number();

    private FakeKernel kernel = FakeKernel.create();

    @AfterEach
    void noCallBrokeTheRules() {
        KernelAssert.assertThat(kernel).hasNoMisuse();
    }

    @Test
    void thereIsNothingToReadBeforeBindAndOnceDead() throws Exception {
        var daemon = new RawDaemon(kernel);
        assertEquals(0, daemon.readOnce());
        daemon.commandTaken("dir /cache");
        daemon.commandTaken("bind ondemand");
        var mount = kernel.mountAsync("a.img");
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        kernel.disk().fail();
        assertEquals(0, daemon.device.await(0));
        assertEquals(0, daemon.readOnce());
        assertThrows(ExecutionException.class, mount::get);
    }

    @Test
    void aMessageStaysWhenTheBufferIsTooSmall() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        var small = Arena.ofAuto().allocate(32 + "erofs,a.img".length() + 1 + "a.img".length() - 1);
        assertEquals(-Errno.EMSGSIZE.number(), daemon.device.read(small));
        assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        daemon.accept(4096);
        mount.get();
    }

    @Test
    void anOpenNamesTheVolumeAndTheBlob() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync(MountSpec.of("a.img").domain("d").device("../b"));
        Message.Open primary = daemon.accept(4096).message();
        assertEquals("erofs,d", primary.volume().toString());
        assertEquals("a.img", primary.cookie().toString());
        Message.Open device = daemon.accept(4096).message();
        assertEquals("erofs,d", device.volume().toString());
        assertEquals("../b", device.cookie().toString());
        assertNotEquals(primary.objectId(), device.objectId());
        mount.get();
    }

    @Test
    void messageIdsAreNotUsedAgainAtOnceAndWrap() throws Exception {
        kernel = FakeKernel.builder().firstMessageId(-2).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        var ids = new ArrayList<Integer>();
        for (int i = 0; i < 3; i++) {
            var mount = kernel.mountAsync("image" + i);
            RawDaemon.Opened opened = daemon.accept(0);
            ids.add(opened.message().messageId());
            opened.file().close();
            mount.get().unmount();
        }
        assertEquals(List.of(-2, -1, 0), ids);
    }

    @Test
    void eachMessageGoesToOneThread() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mounts = new ArrayList<CompletableFuture<FakeMount>>();
        for (int i = 0; i < 60; i++) {
            mounts.add(kernel.mountAsync("image" + i));
        }
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        var twice = new CountDownLatch(1);
        var allSeen = new CountDownLatch(60);
        var readers = new ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            readers.add(Thread.ofPlatform().start(() -> {
                var buffer = Arena.ofAuto().allocate(1024);
                while ((daemon.device.await(-1) & DeviceFile.WOKEN) == 0) {
                    if (daemon.device.read(buffer) > 0) {
                        if (!seen.add(buffer.get(ValueLayout.JAVA_INT, 0))) {
                            twice.countDown();
                        }
                        allSeen.countDown();
                    }
                }
            }));
        }
        assertTrue(allSeen.await(10, TimeUnit.SECONDS));
        daemon.device.wake();
        for (Thread reader : readers) {
            reader.join();
        }
        assertEquals(1, twice.getCount(), "no message came twice");
        kernel.disk().fail();
        mounts.forEach(mount -> assertThrows(ExecutionException.class, mount::get));
    }

    @Test
    void awaitReturnsWhenWokenUntilThatIsTakenBack() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var waiter = Async.start("waiter", () -> daemon.device.await(-1));
        daemon.device.wake();
        assertEquals(DeviceFile.WOKEN, waiter.get());
        assertEquals(DeviceFile.WOKEN, daemon.device.await(-1));
        daemon.device.clearWake();
        assertEquals(0, daemon.device.await(0));
        assertEquals(0, daemon.device.await(1_000_000));
    }

    @Test
    void withoutAFreeFdAnOpenFailsAndTheNextWorks() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.process().limitFds(3);
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        assertEquals(EMFILE, daemon.readOnce());
        assertThrows(ExecutionException.class, mount::get);
        assertEquals(0, daemon.readOnce(), "the OPEN is consumed");
        kernel.process().limitFds(4);
        mount = kernel.mountAsync("a.img");
        daemon.accept(4096);
        mount.get();
    }

    @Test
    void withoutAFreeFdAReopenIsSentAgainAndAgain() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096).file().close();
        kernel.process().limitFds(3);
        var reader = mount.get().readAsync(0, 10);
        daemon.device.await(-1);
        for (int i = 0; i < 3; i++) {
            assertEquals(DeviceFile.READABLE, daemon.device.await(0));
            assertEquals(0, daemon.readOnce());
            assertEquals(EMFILE, daemon.readOnce());
        }
        assertFalse(reader.isDone());
        kernel.process().limitFds(4);
        RawDaemon.Opened again = daemon.accept(4096);
        serve(daemon, again.file(), 5);
        assertEquals(5, reader.get()[0]);
    }

    @Test
    void anObjectWithoutFdIsOpenedAgainAtAMiss() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        RawDaemon.Opened first = daemon.accept(8192);
        first.file().close();
        var reader = mount.get().readAsync(0, 10);
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        assertEquals(0, daemon.readOnce(), "this read only starts the OPEN");
        RawDaemon.Opened second = daemon.accept(8192);
        assertNotEquals(first.message().objectId(), second.message().objectId());
        assertEquals(8192, second.file().size(), "the file is there all the time");
        Message.Read read = serve(daemon, second.file(), 9);
        assertEquals(second.message().objectId(), read.objectId());
        assertEquals(9, reader.get()[0]);
    }

    @Test
    void aRefusedReopenWhoseFdIsClosedIsSentForEver() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096).file().close();
        var reader = mount.get().readAsync(0, 10);
        for (int i = 0; i < 3; i++) {
            Message.Open open = daemon.next(Message.Open.class);
            daemon.commandTaken("copen " + open.messageId() + ",-5");
            daemon.device.adopt(open.fd()).close();
        }
        assertFalse(reader.isDone());
        serve(daemon, daemon.accept(4096).file(), 1);
        reader.get();
    }

    @Test
    void aRefusedReopenWhoseFdStaysKeepsItsReaderWaitingWithoutAMessage() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096).file().close();
        var reader = mount.get().readAsync(0, 10);
        Message.Open open = daemon.next(Message.Open.class);
        daemon.commandTaken("copen " + open.messageId() + ",-5");
        assertEquals(0, daemon.device.await(0));
        assertEquals(0, daemon.readOnce());
        daemon.device.adopt(open.fd()).close();
        daemon.commandTaken("restore");
        serve(daemon, daemon.accept(4096).file(), 1);
        reader.get();
    }

    @Test
    void aReadWhoseFdWasClosedComesAgainAfterRestore() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        var reader = mount.get().readAsync(0, 10);
        Message.Read read = daemon.next(Message.Read.class);
        file.close();
        assertEquals(0, daemon.device.await(0), "the reader hangs");
        daemon.commandTaken("restore");
        Message.Read again = serve(daemon, daemon.accept(4096).file(), 3);
        assertEquals(read.messageId(), again.messageId());
        assertNotEquals(read.objectId(), again.objectId());
        assertEquals(3, reader.get()[0]);
    }

    @Test
    void restoreDeliversAPendingReadOnceMore() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        var reader = mount.get().readAsync(0, 10);
        Message.Read read = daemon.next(Message.Read.class);
        daemon.commandTaken("restore");
        serve(daemon, file, 3);
        reader.get();
        assertEquals(-Errno.EINVAL.number(), file.completeRead(read.messageId()));
    }

    @Test
    void restoreBreaksAnOpenWhoseFdIsOpen() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.next(Message.Open.class);
        daemon.commandTaken("restore");
        assertEquals(-Errno.EEXIST.number(), daemon.readOnce());
        assertThrows(ExecutionException.class, mount::get);
    }

    @Test
    void restoreDeliversAnOpenAgainIfItsFdIsClosed() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        daemon.device.adopt(open.fd()).close();
        daemon.commandTaken("restore");
        Message.Open again = daemon.accept(4096).message();
        assertEquals(open.messageId(), again.messageId());
        assertNotEquals(open.objectId(), again.objectId());
        mount.get();
    }

    @Test
    void umountSendsCloseUnlessTheFdIsClosed() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        RawDaemon.Opened opened = daemon.accept(4096);
        mount.get().unmount();
        assertEquals(
                opened.message().objectId(), daemon.next(Message.Close.class).objectId());

        mount = kernel.mountAsync("b.img");
        daemon.accept(4096).file().close();
        mount.get().unmount();
        assertEquals(0, daemon.device.await(0));
        assertEquals(1, kernel.counters().closes());
    }

    @Test
    void aCloseThatWaitsWhileItsFdIsClosedNamesNoObject() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        RawDaemon.Opened opened = daemon.accept(4096);
        mount.get().unmount();
        opened.file().close();
        assertEquals(ObjectId.CLOSED.bits(), daemon.next(Message.Close.class).objectId());
    }

    @Test
    void theNextMountWaitsUntilTheCloseWasRead() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096);
        mount.get().unmount();
        var again = kernel.mountAsync("a.img");
        daemon.next(Message.Close.class);
        daemon.accept(4096);
        again.get().unmount();
        assertEquals(KernelRequest.Kind.CLOSE, kernel.answers().get(1).request().kind());
        assertEquals(2, kernel.counters().opens());
    }

    @Test
    void atMost256OpensAreOutstanding() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mounts = new ArrayList<CompletableFuture<FakeMount>>();
        for (int i = 0; i < 260; i++) {
            mounts.add(kernel.mountAsync("image" + i));
        }
        var ids = new HashSet<Integer>();
        for (int i = 0; i < 256; i++) {
            Message.Open open = daemon.next(Message.Open.class);
            ids.add(open.messageId());
        }
        assertEquals(0, daemon.device.await(0));
        ids.forEach(id -> daemon.commandTaken("copen " + id + ",0"));
        for (int i = 0; i < 4; i++) {
            daemon.accept(0);
        }
        for (var mount : mounts) {
            mount.get();
        }
    }

    @Test
    void aReadThatIsNeverAnsweredFailsItsReaderWithTheRequest() throws Exception {
        kernel = FakeKernel.builder().patience(Duration.ofMillis(50)).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096);
        var reader = mount.get().readAsync(0, 10);
        var thrown = assertThrows(ExecutionException.class, reader::get);
        assertEquals(HungReaderError.class, thrown.getCause().getClass());
        assertTrue(thrown.getCause().getMessage().contains("READ #1 erofs,a.img/a.img [0 +4096), not delivered"));
    }

    @Test
    void anOpenThatIsNeverAnsweredFailsItsMount() throws Exception {
        kernel = FakeKernel.builder().patience(Duration.ofMillis(50)).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        var thrown = assertThrows(ExecutionException.class, mount::get);
        assertEquals(HungReaderError.class, thrown.getCause().getClass());
        assertTrue(
                thrown.getCause()
                        .getMessage()
                        .contains("OPEN #0 erofs,a.img/a.img, delivered to thread "
                                + Thread.currentThread().getName()),
                thrown.getCause().getMessage());
        assertEquals("EINVAL", daemon.command("copen " + open.messageId() + ",1"));
    }

    @Test
    void aKilledReaderTakesItsReadBack() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        FakeMount mounted = mount.get();
        var outcome = new CompletableFuture<Throwable>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                mounted.read(0, 10);
            } catch (Throwable t) {
                outcome.complete(t);
            }
        });
        Message.Read read = daemon.next(Message.Read.class);
        reader.interrupt();
        assertEquals(InterruptedIOException.class, outcome.get().getClass());
        assertEquals(-Errno.EINVAL.number(), file.completeRead(read.messageId()));
        KernelAssert.assertThat(kernel).hasNoUnansweredRequest();
    }

    @Test
    void injectedAndAlteredMessagesAreDelivered() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.faults().inject(new byte[20]);
        assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        assertEquals(20, daemon.readOnce());
        assertEquals(0, daemon.device.await(0));
        var mount = kernel.mountAsync("a.img");
        kernel.faults().onMessage(1).alter(message -> Arrays.copyOf(message, 17));
        daemon.device.await(-1);
        assertEquals(17, daemon.readOnce());
        daemon.commandTaken("copen 0,-22");
        assertThrows(ExecutionException.class, mount::get);
    }

    @Test
    void assertionsNameWhatIsLeft() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        assertTrue(assertThrows(AssertionError.class, KernelAssert.assertThat(kernel)::hasNoUnansweredRequest)
                .getMessage()
                .contains("OPEN #0 erofs,a.img/a.img"));
        assertTrue(assertThrows(AssertionError.class, KernelAssert.assertThat(kernel)::hasNoOpenFd)
                .getMessage()
                .contains("fd 3 of erofs,a.img/a.img (o1)"));
        daemon.device.adopt(open.fd()).close();
        daemon.commandTaken("copen 0,1");
        assertThrows(ExecutionException.class, mount::get);
        assertTrue(assertThrows(AssertionError.class, KernelAssert.assertThat(kernel)::isClean)
                .getMessage()
                .contains("device is open"));
        daemon.device.close();
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void theEndOfTheCacheFailsMountsAndReaders() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        var reader = mount.get().readAsync(0, 10);
        daemon.next(Message.Read.class);
        var second = kernel.mountAsync("b.img");
        daemon.device.await(-1);
        daemon.device.close();
        var thrown = assertThrows(ExecutionException.class, reader::get);
        assertEquals(Errno.EIO, ((CachefilesException) thrown.getCause()).errno());
        thrown = assertThrows(ExecutionException.class, second::get);
        assertEquals(Errno.ENOBUFS, ((CachefilesException) thrown.getCause()).errno());
        file.close();
    }

    /** Answers one READ with one page of a value. */
    private static Message.Read serve(RawDaemon daemon, AnonFile file, int value) throws Exception {
        Message.Read read = daemon.next(Message.Read.class);
        assertEquals(read.length(), file.pwrite(RawDaemon.memory(read.length(), value), read.offset()));
        assertEquals(0, file.completeRead(read.messageId()));
        return read;
    }
}
