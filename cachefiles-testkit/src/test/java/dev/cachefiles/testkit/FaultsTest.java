// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Single calls that go wrong. */
class FaultsTest {
    private static final int EIO = -Errno.EIO.number();
    private static final int EFAULT = -Errno.EFAULT.number();
    private static final byte[] ONES = new byte[4096];

    static {
        Arrays.fill(ONES, (byte) 1);
    }

    private final FakeKernel kernel =
            FakeKernel.builder().attachDelay(0).virtualTime().build();

    @Test
    void the_nth_call_from_now_goes_wrong_and_no_other() throws Exception {
        AnonFile file = opened().file();
        MemorySegmentWriter fd = position -> file.pwrite(RawDaemon.memory(4096, 1), position);
        fd.write(0);
        // @start region=usage
        kernel.faults().onWrite(2).fail(Errno.ENOSPC);
        kernel.faults().onWrite(3).shorten(512);
        // @end
        assertEquals(4096, fd.write(0));
        assertEquals(-Errno.ENOSPC.number(), fd.write(0));
        assertEquals(512, fd.write(0));
        assertEquals(4096, fd.write(0));
        assertEquals(List.of(), kernel.faults().left());
    }

    private interface MemorySegmentWriter {
        long write(long position);
    }

    @Test
    void a_short_write_writes_what_it_says() throws Exception {
        AnonFile file = opened().file();
        kernel.faults().onWrite(1).shorten(4096);
        assertEquals(4096, file.pwrite(RawDaemon.memory(8192, 1), 0));
        assertEquals(4096, file.seekHole(0));
        assertEquals(4096, kernel.counters().bytesWritten());
    }

    @Test
    void a_fault_lies_in_the_future_and_no_call_has_two() {
        assertThrows(IllegalArgumentException.class, () -> kernel.faults().onSeek(0));
        kernel.faults().onSeek(2).fail(Errno.EIO);
        FakeFaults.Call same = kernel.faults().onSeek(2);
        assertThrows(IllegalStateException.class, () -> same.fail(Errno.EIO));
    }

    @Test
    void a_fault_that_has_not_happened_is_named() throws Exception {
        kernel.faults().onCommand("cull", 2).fail(Errno.EBUSY);
        RawDaemon daemon = RawDaemon.bound(kernel);
        daemon.command("cull a");
        String left = kernel.faults().left().getFirst();
        assertTrue(left.contains("EBUSY") && left.endsWith("at command cull 2, after 1 of them"), left);
        daemon.command("cull a");
        assertEquals(List.of(), kernel.faults().left());
    }

    @Test
    void an_open_of_the_device_fails() throws Exception {
        kernel.faults().onOpen(1).fail(Errno.EPERM);
        var thrown = assertThrows(CachefilesException.class, () -> kernel.open(CacheOptions.DEFAULT_DEVICE));
        assertEquals(Errno.EPERM, thrown.errno());
        new RawDaemon(kernel);
    }

    @Test
    void a_command_fails_without_effect() throws Exception {
        var daemon = new RawDaemon(kernel);
        daemon.commandTaken("dir /cache");
        kernel.faults().onCommand("bind", 1).fail(Errno.ENOENT);
        assertEquals("ENOENT", daemon.command("bind ondemand"));
        assertEquals("ok", daemon.command("bind ondemand"));
    }

    @Test
    void a_read_of_the_device_fails_and_takes_no_message() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        kernel.faults().onDeviceRead(1).fail(Errno.EINTR);
        assertEquals(-Errno.EINTR.number(), daemon.readOnce());
        daemon.accept(4096);
        mount.get();
    }

    @Test
    void a_wait_for_the_device_fails_ends_with_a_signal_or_for_nothing() throws Exception {
        DeviceFile device = RawDaemon.bound(kernel).device;
        kernel.faults().onWait(1).fail(Errno.EIO);
        kernel.faults().onWait(2).interrupt();
        kernel.faults().onWait(3).wakeForNothing();
        assertEquals(EIO, device.await(-1));
        assertEquals(0, device.await(-1));
        assertEquals(DeviceFile.READABLE, device.await(-1));
        assertEquals(0, device.read(RawDaemon.memory(1024, 0)));
    }

    @Test
    void a_seek_fails() throws Exception {
        AnonFile file = opened().file();
        kernel.faults().onSeek(2).fail(Errno.EIO);
        assertEquals(8192, file.size());
        assertEquals(EIO, file.seekHole(0));
        assertEquals(0, file.seekHole(0));
    }

    @Test
    void a_read_complete_fails_and_leaves_its_read_unanswered() throws Exception {
        Opened opened = opened();
        var reader = opened.mount().readAsync(0, 4096);
        Message.Read read = opened.daemon().next(Message.Read.class);
        opened.file().pwrite(RawDaemon.memory(4096, 1), 0);
        kernel.faults().onComplete(1).fail(Errno.EINTR);
        assertEquals(-Errno.EINTR.number(), opened.file().completeRead(read.messageId()));
        assertEquals(1, kernel.unanswered().size());
        assertEquals(0, opened.file().completeRead(read.messageId()));
        reader.get();
    }

    @Test
    void a_wake_up_is_lost() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var poller = Async.start("poller", () -> daemon.device.await(TimeUnit.HOURS.toNanos(1)));
        kernel.awaitSleepers(1);
        kernel.faults().onWakeUp(1).drop();
        var mount = kernel.mountAsync("a.img");
        assertEquals(DeviceFile.READABLE, awaitReadable(daemon));
        kernel.awaitSleepers(1);
        assertFalse(poller.isDone());
        var second = kernel.mountAsync("b.img");
        assertEquals(DeviceFile.READABLE, poller.get(10, TimeUnit.SECONDS), "the next one is not");
        daemon.accept(4096);
        daemon.accept(4096);
        mount.get();
        second.get();
    }

    private static int awaitReadable(RawDaemon daemon) {
        int ready = daemon.device.await(0);
        while (ready == 0) {
            Thread.onSpinWait();
            ready = daemon.device.await(0);
        }
        return ready;
    }

    @Test
    void a_wake_up_comes_twice() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.faults().onWakeUp(1).repeat();
        var mount = kernel.mountAsync("a.img");
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        Message.Open open = daemon.next(Message.Open.class);
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        assertEquals(0, daemon.readOnce());
        assertEquals(0, daemon.device.await(0), "but not three times");
        daemon.commandTaken("copen " + open.messageId() + ",0");
        mount.get();
    }

    @Test
    void an_open_that_cannot_be_copied_fails_and_has_no_fd() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.faults().onMessage(1).failToCopy();
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        assertEquals(EFAULT, daemon.readOnce());
        assertThrows(ExecutionException.class, mount::get);
        assertEquals(0, kernel.openFds());
        mount = kernel.mountAsync("a.img");
        daemon.accept(4096);
        mount.get();
    }

    @Test
    void a_read_that_cannot_be_copied_fails_and_is_tried_once_more() throws Exception {
        Opened opened = opened();
        kernel.faults().onMessage(1).failToCopy();
        var reader = opened.mount().readAsync(0, 4096);
        opened.daemon().device.await(-1);
        assertEquals(EFAULT, opened.daemon().readOnce());
        answer(opened);
        assertArrayEquals(ONES, reader.get());
        assertEquals(2, kernel.counters().reads());
    }

    @Test
    void a_close_that_cannot_be_copied_is_done() throws Exception {
        Opened opened = opened();
        kernel.faults().onMessage(1).failToCopy();
        opened.mount().unmount();
        assertEquals(EFAULT, opened.daemon().readOnce());
        assertEquals(List.of(), kernel.unanswered());
        var again = kernel.mountAsync("a.img");
        opened.daemon().accept(4096);
        again.get();
    }

    @Test
    void a_message_has_other_bytes() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.faults().onMessage(2).alter(message -> Arrays.copyOf(message, 17));
        kernel.faults().inject(new byte[20]);
        var mount = kernel.mountAsync("a.img");
        assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        assertEquals(20, daemon.readOnce(), "injected ones are not counted");
        daemon.accept(4096);
        mount.get().unmount();
        assertEquals(17, daemon.readOnce());
    }

    @Test
    void a_reader_is_killed_before_its_read_is_delivered() throws Exception {
        Opened opened = opened();
        kernel.faults().onRead(1).kill();
        assertKilled(opened.mount().readAsync(0, 4096));
        assertEquals(0, opened.daemon().device.await(0));
        assertEquals("(killed)", kernel.answers().getLast().answer());
    }

    @Test
    void a_reader_is_killed_once_its_read_is_delivered() throws Exception {
        Opened opened = opened();
        kernel.faults().onRead(1).killOnceDelivered();
        var reader = opened.mount().readAsync(0, 4096);
        Message.Read read = opened.daemon().next(Message.Read.class);
        assertKilled(reader);
        assertEquals(4096, opened.file().pwrite(RawDaemon.memory(4096, 1), 0), "late data is welcome");
        assertEquals(-Errno.EINVAL.number(), opened.file().completeRead(read.messageId()));
        assertArrayEquals(ONES, opened.mount().read(0, 4096));
    }

    private static void assertKilled(CompletableFuture<byte[]> reader) {
        var thrown = assertThrows(ExecutionException.class, () -> reader.get(10, TimeUnit.SECONDS));
        assertInstanceOf(InterruptedIOException.class, thrown.getCause());
    }

    @Test
    void messages_come_in_an_order_that_follows_from_a_seed() throws Exception {
        List<Integer> order = orderOfEight(1);
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6, 7), new HashSet<>(order), "each once");
        assertEquals(order, orderOfEight(1));
        assertNotEquals(order, orderOfEight(2));
        assertNotEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7), order);
    }

    private static List<Integer> orderOfEight(long seed) throws Exception {
        FakeKernel kernel = FakeKernel.create();
        kernel.faults().shuffleMessages(seed);
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mounts = new ArrayList<CompletableFuture<FakeMount>>();
        for (int i = 0; i < 8; i++) {
            mounts.add(kernel.mountAsync(i + ".img"));
        }
        while (kernel.counters().opens() < 8) {
            Thread.onSpinWait();
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            order.add(daemon.accept(0).message().messageId());
        }
        for (var mount : mounts) {
            mount.get();
        }
        return order;
    }

    private record Opened(RawDaemon daemon, FakeMount mount, AnonFile file) {}

    private Opened opened() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(8192).file();
        return new Opened(daemon, mount.get(), file);
    }

    private static void answer(Opened opened) throws Exception {
        Message.Read read = opened.daemon().next(Message.Read.class);
        opened.file().pwrite(RawDaemon.memory(read.length(), 1), read.offset());
        assertEquals(0, opened.file().completeRead(read.messageId()));
    }
}
