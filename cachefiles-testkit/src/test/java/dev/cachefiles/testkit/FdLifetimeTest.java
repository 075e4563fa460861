// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What keeps an fd open, and who hears of its end. */
class FdLifetimeTest extends DaemonTest {
    private static final int SIZE = 8192;

    private final TestBlob blob = new TestBlob(SIZE);

    /** An anonymous fd that does something else before it is written to. */
    private record WatchedFile(AnonFile file, Runnable beforeWrite) implements AnonFile {
        @Override
        public long pwrite(MemorySegment source, long position) {
            beforeWrite.run();
            return file.pwrite(source, position);
        }

        @Override
        public long seekData(long position) {
            return file.seekData(position);
        }

        @Override
        public long seekHole(long position) {
            return file.seekHole(position);
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public int completeRead(int messageId) {
            return file.completeRead(messageId);
        }

        @Override
        public void close() {
            file.close();
        }
    }

    @Test
    void an_fd_that_is_given_back_during_a_write_closes_after_it() throws Exception {
        kernel = FakeKernel.builder().attachDelay(0).build();
        var lent = new AtomicReference<AnonFd>();
        var openDuringWrite = new CopyOnWriteArrayList<Integer>();
        try (CachefilesChannel channel =
                CachefilesChannel.open(Daemon.OPTIONS, device -> new DelegatingDevice(kernel.open(device)) {
                    @Override
                    public AnonFile adopt(int fd) {
                        return new WatchedFile(super.adopt(fd), () -> {
                            lent.get().close();
                            openDuringWrite.add(kernel.openFds());
                        });
                    }
                })) {
            FakeMount mount = mounted(channel, lent);
            lent.get().write(MemorySegment.ofArray(blob.bytes), 0);
            assertEquals(List.of(1), openDuringWrite);
            assertEquals(0, kernel.openFds());
            assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        }
    }

    @Test
    void the_device_closes_after_the_last_fd() throws Exception {
        var openAtTheEnd = new CopyOnWriteArrayList<Integer>();
        CachefilesChannel channel =
                CachefilesChannel.open(Daemon.OPTIONS, device -> new DelegatingDevice(kernel.open(device)) {
                    @Override
                    public void close() {
                        openAtTheEnd.add(kernel.openFds());
                        super.close();
                    }
                });
        try (channel) {
            mounted(channel, new AtomicReference<>());
            assertEquals(1, kernel.openFds());
        }
        assertEquals(List.of(0), openAtTheEnd);
    }

    private FakeMount mounted(CachefilesChannel channel, AtomicReference<AnonFd> fd) throws Exception {
        var mount = kernel.mountAsync("a");
        var open = (OpenRequest) channel.take();
        fd.set(open.object().fd());
        open.accept(SIZE);
        return mount.get();
    }

    @Test
    void an_object_is_not_closed_while_a_handler_that_has_answered_still_runs() throws Exception {
        var answered = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var calls = new CopyOnWriteArrayList<String>();
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                if (request.offset() == 0
                        && request.object().cookie().toString().equals("a")) {
                    request.complete();
                    answered.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    calls.add("returned");
                }
            }

            @Override
            public void close(CloseRequest request) {
                calls.add("closed");
            }
        });
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        answered.await();
        mount.unmount();
        // The same thread that reads the CLOSE reads this after it.
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
        goOn.countDown();
        await(() -> calls.contains("closed"));
        assertEquals(List.of("returned", "closed"), calls);
        await(() -> daemon.closed.size() == 1);
    }

    @Test
    void a_handler_hears_of_the_end_of_an_object_whose_acceptance_the_kernel_did_not_take() throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, true);
        Daemon daemon = start(blob);
        kernel.faults().onCommand("copen", 1).fail(Errno.ENOMEM);
        var mount = kernel.mountAsync("a");
        await(() -> !blob.closed.isEmpty());
        assertEquals(Errno.ENOMEM, ((CachefilesException) daemon.openFailures.getFirst()).errno());
        await(() -> kernel.openFds() == 0); // the handler hears of it before
        daemon.close();
        assertTrue(assertThrows(Exception.class, mount::get).getCause() instanceof CachefilesException);
    }
}
