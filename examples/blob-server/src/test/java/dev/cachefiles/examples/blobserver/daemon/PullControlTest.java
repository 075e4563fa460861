// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.control.ControlCommand;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes between the kernel's answer and its event: here the two are made apart. */
class PullControlTest {
    private static final long SIZE = 10_000;

    private final FakeKernel kernel = FakeKernel.create();
    private final OpenBlobs blobs = new OpenBlobs();
    private final Listeners listeners = new Listeners(new ServerStats(), blobs, new PrefetchStatus());
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> pulled = new CompletableFuture<>();
    private final AtomicLong fetched = new AtomicLong();
    private CachefilesChannel channel;

    private final ControlCommand.Reply reply = new ControlCommand.Reply() {
        @Override
        public void say(String text) {
            told.add(text);
        }

        @Override
        public void progress(long done, long total, String name) {}
    };

    private class Zeros implements BlobSource {
        @Override
        public long size() {
            return SIZE;
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            fetched.addAndGet(target.byteSize());
            target.fill((byte) 0);
        }
    }

    @BeforeEach
    void bind() throws IOException {
        channel = CachefilesChannel.open(CacheOptions.builder(Path.of("/cache")).build(), kernel);
    }

    @AfterEach
    void close() throws IOException {
        channel.close();
    }

    private CompletableFuture<FakeMount> mount() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return kernel.mount("image");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private OpenRequest delivered() throws IOException {
        var open = (OpenRequest) channel.take();
        listeners.delivered(open);
        return open;
    }

    /** Runs a command in a thread of its own; returns when it waits for something, or has ended. */
    private void run(ControlCommand command, String... words) throws InterruptedException {
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                command.run(List.of(words), reply);
                pulled.complete(null);
            } catch (IOException | RuntimeException e) {
                pulled.completeExceptionally(e);
            }
        });
        while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void a_pull_after_a_mount_waits_for_the_event_of_its_open() throws Exception {
        CompletableFuture<FakeMount> mounting = mount();
        OpenRequest open = delivered();
        assertTrue(open.accept(SIZE));
        try (FakeMount _ = mounting.get()) {
            run(new PullControl(blobs, key -> new Zeros()), "image");
            assertFalse(pulled.isDone(), "the event may be late");
            listeners.opened(open, SIZE);
            pulled.get();
            assertEquals(List.of("image: 10000 bytes, 10000 of them fetched now"), told);
        }
    }

    @Test
    void what_is_being_pulled_is_not_fetched_by_another_pull_too() throws Exception {
        var begun = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var control = new PullControl(blobs, key -> new Zeros() {
            @Override
            public void read(long offset, MemorySegment target) throws IOException {
                begun.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
                super.read(offset, target);
            }
        });
        CompletableFuture<FakeMount> mounting = mount();
        OpenRequest open = delivered();
        assertTrue(open.accept(SIZE));
        listeners.opened(open, SIZE);
        try (FakeMount _ = mounting.get()) {
            var first = CompletableFuture.runAsync(() -> {
                try {
                    control.run(List.of("image"), reply);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            begun.await();
            run(control, "image");
            assertEquals(List.of("image: is being pulled already; waiting for that"), told);
            go.countDown();
            first.get();
            pulled.get();
            assertEquals(SIZE, fetched.get());
            assertEquals("image: 10000 bytes, 0 of them fetched now", told.getLast());
        }
    }

    @Test
    void a_blob_is_open_or_not_when_it_is_known_what_has_become_of_its_open() throws Exception {
        CompletableFuture<FakeMount> mounting = mount();
        OpenRequest open = delivered();
        run(new OpenControl(blobs), "other", "image");
        pulled.get();
        assertEquals(List.of("no"), told);
        told.clear();
        run(new OpenControl(blobs), "image", "image");
        assertTrue(told.isEmpty());
        assertTrue(open.refuse(Errno.ENOENT));
        assertThrows(ExecutionException.class, mounting::get);
        listeners.openFailed(open, new NoSuchFileException("image"));
        while (told.isEmpty()) {
            Thread.onSpinWait(); // the test's own timeout ends it
        }
        assertEquals(List.of("no"), told);
        assertThrows(
                NotMounted.class,
                () -> new PullControl(blobs, key -> new Zeros()).run(List.of("image", "image"), reply));
    }
}
