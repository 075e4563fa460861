// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** A blob whose handler holds requests of a kind back until it is let go; or, if it heeds interrupts, until then. */
class Blockade extends TestBlob {
    final List<Request> held = new CopyOnWriteArrayList<>();
    final List<Request> interrupted = new CopyOnWriteArrayList<>();
    final List<CacheObject> closed = new CopyOnWriteArrayList<>();
    private final Semaphore entered = new Semaphore(0);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final boolean heedsInterrupts;
    volatile Class<? extends Request> holds;

    Blockade(int size, Class<? extends Request> holds, boolean heedsInterrupts) {
        super(size);
        this.holds = holds;
        this.heedsInterrupts = heedsInterrupts;
    }

    /** Waits until so many more requests are held back. */
    void awaitHeld(int count) throws InterruptedException {
        entered.acquire(count);
    }

    /** From now on nothing is held back, and what was goes on. */
    void lift() {
        holds = NONE;
        goOn.countDown();
    }

    /** Holds nothing back. */
    static final Class<? extends Request> NONE = Request.class;

    private void pass(Request request) throws IOException {
        if (!holds.equals(request.getClass())) {
            return;
        }
        held.add(request);
        entered.release();
        boolean wasInterrupted = false;
        while (true) {
            try {
                goOn.await();
                break;
            } catch (InterruptedException e) {
                wasInterrupted = true;
                interrupted.add(request);
                if (heedsInterrupts) {
                    throw new IOException("interrupted", e);
                }
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        pass(request);
        return super.open(request);
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        pass(request);
        super.read(request);
    }

    @Override
    public void close(CloseRequest request) throws IOException {
        pass(request);
        request.object().ifPresent(closed::add);
    }
}
