// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an anonymous fd takes and refuses. */
class AnonFileTest {
    private FakeKernel kernel = FakeKernel.builder().attachDelay(0).build();

    private RawDaemon.Opened open(long size) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        RawDaemon.Opened opened = daemon.accept(size);
        mount.get();
        return opened;
    }

    @ParameterizedTest(name = "memory +{0}, length {1}, offset {2}, sectors of {3}: {4}")
    @CsvSource({
        "0,   4096, 0,    512,  ok",
        "512, 4096, 4096, 512,  ok",
        "0,   512,  0,    512,  ok",
        "0,   0,    0,    512,  ok",
        "0,   0,    1,    512,  ENOBUFS",
        "1,   4096, 0,    512,  EINVAL",
        "64,  4096, 0,    512,  EINVAL",
        "513, 4096, 0,    512,  EINVAL",
        "0,   4095, 0,    512,  EINVAL",
        "0,   100,  0,    512,  EINVAL",
        "0,   512,  0,    4096, EINVAL",
        "0,   6144, 0,    4096, EINVAL",
        "0,   8192, 4096, 4096, ok",
        "0,   4096, -1,   512,  EINVAL",
        "0,   4096, 512,  512,  ENOBUFS",
        "0,   4096, 1,    512,  ENOBUFS",
        "0,   4096, 17592186044416, 512, EFBIG",
        "0,   4096, 9223372036854771712, 512, EFBIG",
    })
    void pwriteTakesWhatDirectIoTakes(int misalignment, int length, long offset, int sector, String answer)
            throws Exception {
        kernel = FakeKernel.builder().attachDelay(0).sectorSize(sector).build();
        MemorySegment memory = RawDaemon.memory(misalignment + length, 1).asSlice(misalignment, length);
        long result = open(65536).file().pwrite(memory, offset);
        assertEquals(answer, RawDaemon.symbol(result));
        assertEquals(answer.equals("ok") ? length : 0, kernel.counters().bytesWritten());
    }

    @Test
    void linux61WritesAtTheStartOfThePageWithoutAWord() throws Exception {
        kernel = FakeKernel.builder()
                .attachDelay(0)
                .profile(KernelProfile.LINUX_6_1)
                .build();
        AnonFile file = open(16384).file();
        assertEquals(4096, file.pwrite(RawDaemon.memory(4096, 1), 4096 + 512));
        assertEquals(4096, file.seekData(0));
        assertEquals(8192, file.seekHole(4096));
        assertEquals(1, kernel.counters().misalignedWrites());
    }

    @Test
    void aLargerPageIsTheUnitOfOffsets() throws Exception {
        kernel = FakeKernel.builder().attachDelay(0).pageSize(65536).build();
        AnonFile file = open(1 << 20).file();
        assertEquals("ENOBUFS", RawDaemon.symbol(file.pwrite(RawDaemon.memory(4096, 1), 4096)));
        assertEquals("ok", RawDaemon.symbol(file.pwrite(RawDaemon.memory(4096, 1), 65536)));
    }

    @Test
    void aWriteOfHalfABlockMakesAllOfItDataWithZeros() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(8192).file();
        file.pwrite(RawDaemon.memory(512, 1), 0);
        assertEquals(4096, file.seekHole(0));
        byte[] expected = new byte[4096];
        Arrays.fill(expected, 0, 512, (byte) 1);
        assertArrayEquals(expected, mount.get().read(0, 4096));
        assertEquals(0, kernel.counters().reads());
    }

    @Test
    void smallerBlocksOfTheFileSystemMakeSmallerHoles() throws Exception {
        kernel = FakeKernel.builder().attachDelay(0).blockSize(1024).build();
        AnonFile file = open(8192).file();
        file.pwrite(RawDaemon.memory(512, 1), 0);
        assertEquals(1024, file.seekHole(0));
    }

    @Test
    void seeksGiveTheMapOfTheFile() throws Exception {
        AnonFile file = open(5 * 4096 - 100).file();
        assertEquals(5 * 4096, file.size(), "rounded up");
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(0)));
        assertEquals(0, file.seekHole(0));
        file.pwrite(RawDaemon.memory(2 * 4096, 1), 4096);
        assertEquals(4096, file.seekData(0));
        assertEquals(5000, file.seekData(5000));
        assertEquals(0, file.seekHole(0));
        assertEquals(3 * 4096, file.seekHole(4096));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(3 * 4096)));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekHole(5 * 4096)));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(-1)));
        file.pwrite(RawDaemon.memory(4096, 1), 4 * 4096);
        assertEquals(5 * 4096, file.seekHole(4 * 4096), "the end is a hole");
        file.pwrite(RawDaemon.memory(4096, 1), 9 * 4096);
        assertEquals(10 * 4096, file.size(), "a write beyond the end extends the file");
    }

    @Test
    void thereIsNoFileBeforeCopenNorShortlyAfterNorAfterClose() throws Exception {
        kernel = FakeKernel.builder().attachDelay(2).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        AnonFile file = daemon.device.adopt(open.fd());
        MemorySegment page = RawDaemon.memory(4096, 1);
        for (int i = 0; i < 5; i++) {
            assertEquals("ENOBUFS", RawDaemon.symbol(file.pwrite(page, 0)));
            assertEquals("ENOBUFS", RawDaemon.symbol(file.size()));
            assertEquals("ENOBUFS", RawDaemon.symbol(file.seekHole(0)));
        }
        daemon.commandTaken("copen 0,4096");
        assertEquals("ENOBUFS", RawDaemon.symbol(file.pwrite(page, 0)));
        assertEquals("ENOBUFS", RawDaemon.symbol(file.pwrite(page, 0)));
        assertEquals("ok", RawDaemon.symbol(file.pwrite(page, 0)));
        mount.get().unmount();
        assertEquals("ok", RawDaemon.symbol(file.pwrite(page, 0)), "the CLOSE was not read yet");
        daemon.next(Message.Close.class);
        assertEquals("ENOBUFS", RawDaemon.symbol(file.pwrite(page, 0)));
        assertEquals("ENOBUFS", RawDaemon.symbol(file.size()));
    }

    @Test
    void theFileIsThereWhenAReadIsDelivered() throws Exception {
        kernel = FakeKernel.builder().attachDelay(1000).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        var reader = mount.get().readAsync(0, 1);
        Message.Read read = daemon.next(Message.Read.class);
        assertEquals("ok", RawDaemon.symbol(file.pwrite(RawDaemon.memory(4096, 1), 0)));
        file.completeRead(read.messageId());
        reader.get();
    }

    @Test
    void aReadIsCompletedOnceAndThroughAnFdOfItsObject() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync(MountSpec.of("a.img").device("b"));
        AnonFile a = daemon.accept(4096).file();
        AnonFile b = daemon.accept(4096).file();
        var reader = mount.get().readAsync(0, 1);
        Message.Read read = daemon.next(Message.Read.class);
        a.pwrite(RawDaemon.memory(4096, 1), 0);
        assertEquals("EINVAL", RawDaemon.symbol(b.completeRead(read.messageId())));
        assertEquals("EINVAL", RawDaemon.symbol(a.completeRead(read.messageId() + 1)));
        assertEquals("ok", RawDaemon.symbol(a.completeRead(read.messageId())));
        assertEquals("EINVAL", RawDaemon.symbol(a.completeRead(read.messageId())));
        reader.get();
    }

    @Test
    void fdNumbersAreUsedAgainAtOnce() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mounts = new CompletableFuture<?>[4];
        for (int i = 0; i < 3; i++) {
            mounts[i] = kernel.mountAsync("image" + i);
        }
        RawDaemon.Opened first = daemon.accept(0);
        RawDaemon.Opened second = daemon.accept(0);
        daemon.accept(0);
        second.file().close();
        first.file().close();
        mounts[3] = kernel.mountAsync("image3");
        assertEquals(first.message().fd(), daemon.accept(0).message().fd());
        CompletableFuture.allOf(mounts).get();
    }

    @Test
    void aCallOnAClosedFdIsCaughtAndRecorded() throws Exception {
        AnonFile file = open(4096).file();
        file.close();
        assertThrows(AssertionError.class, () -> file.pwrite(RawDaemon.memory(4096, 1), 0));
        assertThrows(AssertionError.class, file::size);
        assertThrows(AssertionError.class, file::close);
        AssertionError summary = assertThrows(AssertionError.class, KernelAssert.assertThat(kernel)::hasNoMisuse);
        assertTrue(summary.getMessage().contains("pwrite of fd 3 of erofs,a.img/a.img (o1) after its close"));
        assertTrue(summary.getMessage().contains("second close of fd 3"));
    }

    @Test
    void closingTheDeviceWhileAThreadWaitsIsCaught() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var waits = new CountDownLatch(1);
        var waiter = Async.start("waiter", () -> {
            waits.countDown();
            return daemon.device.await(Duration.ofSeconds(20).toNanos());
        });
        waits.await();
        while (kernel.counters().deviceWaits() == 0) {
            Thread.onSpinWait();
        }
        assertThrows(AssertionError.class, daemon.device::close);
        daemon.device.wake();
        waiter.get();
        daemon.device.close();
        assertThrows(AssertionError.class, daemon.device::wake);
        assertThrows(AssertionError.class, KernelAssert.assertThat(kernel)::hasNoMisuse);
    }

    @Test
    void anFdIsAdoptedOnceAndOnlyIfItIsOpen() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        int fd = daemon.accept(0).message().fd();
        assertThrows(AssertionError.class, () -> daemon.device.adopt(fd));
        assertThrows(AssertionError.class, () -> daemon.device.adopt(fd + 1));
        mount.get();
    }

    @Test
    void heapMemoryIsNoMemoryForASystemCall() throws Exception {
        AnonFile file = open(4096).file();
        assertThrows(AssertionError.class, () -> file.pwrite(MemorySegment.ofArray(new byte[4096]), 0));
    }
}
