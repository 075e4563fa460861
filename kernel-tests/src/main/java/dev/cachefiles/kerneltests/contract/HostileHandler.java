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
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

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
    private final List<Begin> begins = new CopyOnWriteArrayList<>();
    private volatile boolean tame;

    HostileHandler(Image image, Deed deed, Class<?> victim) {
        super(image);
        LibraryClasses.load();
        this.deed = deed;
        this.victim = victim;
    }

    private record Begin(long offset, long length, long time) {
        boolean covers(long position) {
            return offset <= position && position - offset < length;
        }
    }

    /** The time since it was first asked for a byte of the file, or for the size; zero if it was not. */
    Duration sinceFirstDeed(long offset) {
        return begins.stream()
                .filter(begin -> begin.covers(Image.BLOCK + offset))
                .findFirst()
                .map(begin -> Duration.ofNanos(System.nanoTime() - begin.time()))
                .orElse(Duration.ZERO);
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
        begins.add(new Begin(0, Long.MAX_VALUE, System.nanoTime()));
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
        begins.add(new Begin(request.offset(), request.length(), System.nanoTime()));
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
