// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.support.FileLimit;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Does to each request for content, and to each OPEN, what no handler should; until it is tamed. */
final class HostileHandler extends ImageHandler implements AutoCloseable {

    /** What it does. */
    enum Deed {
        THROWS,
        THROWS_AN_ERROR,
        BLOCKS_FOR_EVER,
        BLOCKS_UNTIL_INTERRUPTED,
        RETURNS_SHORT,
        WRITES_OUTSIDE,
        CLOSES_WHAT_IT_WAS_LENT,
        ANSWERS_TWICE,
        EXHAUSTS_FDS,
        INTERRUPTS_ITSELF
    }

    private final Deed deed;
    private final Class<?> victim;
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicLong begin = new AtomicLong();
    private volatile boolean tame;

    HostileHandler(Image image, Deed deed, Class<?> victim) {
        super(image);
        LibraryClasses.load();
        this.deed = deed;
        this.victim = victim;
    }

    /** The time from its first deed until now; zero if there was none. */
    Duration sinceFirstDeed() {
        long first = begin.get();
        return first == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - first);
    }

    /** From now on it behaves; who blocks goes on doing so. */
    void tame() {
        tame = true;
        FileLimit.restore();
    }

    /** Lets go who blocks. */
    @Override
    public void close() {
        tame();
        end.countDown();
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        long size = super.open(request);
        if (tame || victim != OpenRequest.class) {
            return size;
        }
        begin.compareAndSet(0, System.nanoTime());
        switch (deed) {
            case RETURNS_SHORT -> {
                return -1;
            }
            case WRITES_OUTSIDE -> request.object().fd().write(ByteBuffer.allocate(4096), 1L << 40);
            case CLOSES_WHAT_IT_WAS_LENT -> request.object().fd().close();
            case ANSWERS_TWICE -> {
                request.accept(size);
                request.refuse(Errno.EIO);
            }
            default -> commit();
        }
        return size;
    }

    @Override
    protected void serve(ReadRequest request) throws IOException {
        if (tame || victim != ReadRequest.class || !isOfContent(request)) {
            super.serve(request);
            return;
        }
        begin.compareAndSet(0, System.nanoTime());
        switch (deed) {
            case RETURNS_SHORT -> put(request, request.offset(), request.length() / 2);
            case WRITES_OUTSIDE -> {
                super.serve(request);
                request.fd().write(ByteBuffer.allocate(4096), 1L << 40);
            }
            case CLOSES_WHAT_IT_WAS_LENT -> {
                request.fd().close();
                super.serve(request);
            }
            case ANSWERS_TWICE -> {
                super.serve(request);
                request.complete();
                request.fail();
            }
            default -> {
                commit();
                super.serve(request);
            }
        }
    }

    private void commit() throws IOException {
        switch (deed) {
            case THROWS -> throw new IOException("as planned");
            case THROWS_AN_ERROR -> throw new StackOverflowError("as planned");
            case BLOCKS_FOR_EVER -> block(false);
            case BLOCKS_UNTIL_INTERRUPTED -> block(true);
            case EXHAUSTS_FDS -> {
                FileLimit.exhaust();
                new FileInputStream("/dev/null").close();
            }
            case INTERRUPTS_ITSELF -> Thread.currentThread().interrupt();
            default -> throw new AssertionError(deed);
        }
    }

    private void block(boolean heedsInterrupts) throws IOException {
        while (true) {
            try {
                end.await();
                return;
            } catch (InterruptedException e) {
                if (heedsInterrupts) {
                    throw new IOException(e);
                }
            }
        }
    }
}
