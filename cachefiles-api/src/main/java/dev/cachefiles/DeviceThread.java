// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.protocol.MessageLayout;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the kernel, takes one request at a time and dispatches it; in the direct mode that runs the handler here.
 *
 * <p>A platform thread: a wait for the kernel would hold a virtual thread's carrier.
 */
final class DeviceThread extends Thread {
    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 1000;

    /** In {@link #busySince}: the thread waits for the kernel. */
    static final long IDLE = Long.MIN_VALUE;

    private final DeviceThreads owner;
    private final CachefilesChannel channel;
    private final Dispatcher dispatcher;
    private final BufferPool.Buffer buffer = BufferPool.Buffer.of(MessageLayout.MAX_SIZE, Long.BYTES);
    private final EmptyReadBackoff emptyReads = new EmptyReadBackoff();
    private final Backlog backlog = new Backlog();

    /** Whether there was a request before. */
    private boolean hadRequest;

    private long pauseMillis = FIRST_PAUSE_MILLIS;

    /** Requests whose handlers this thread is to run next; used by this thread only. */
    private final Deque<PendingRequest> mine = new ArrayDeque<>();

    /** What the watchdog looks at: the request that this thread serves, and since when it has not polled. */
    private volatile @Nullable PendingRequest current;

    private volatile long busySince = IDLE;

    /** Another thread waits for the kernel in this one's place. Guarded by the owner. */
    volatile boolean replaced;

    DeviceThread(
            String name,
            DeviceThreads owner,
            CachefilesChannel channel,
            Dispatcher dispatcher,
            @Nullable PendingRequest first) {
        super(null, null, name, 0, false);
        setDaemon(false); // whoever starts it: the virtual machine runs as long as the server does
        this.owner = owner;
        this.channel = channel;
        this.dispatcher = dispatcher;
        if (first != null) {
            mine.add(first);
            replaced = true;
            current = first;
            busySince = channel.time().nanoTime();
        }
    }

    @Override
    public void run() {
        try {
            runMine();
            while (owner.mayPoll(this)) {
                serveNext(); // a method of its own, which is compiled: a loop that waits so often would not be
            }
        } catch (ClosedChannelException e) {
            owner.channelClosed();
        } catch (Throwable t) {
            // Not of a handler, which are contained. A message may be lost, so its reader is freed with the device.
            owner.failed(t instanceof IOException e ? e : new IOException(t));
        } finally {
            owner.ended(this);
        }
    }

    /** Waits for the kernel, unless there is probably something to read already. */
    private void serveNext() throws IOException {
        if (hadRequest && backlog.isLikely()) {
            hadRequest = receive();
            if (hadRequest) {
                backlog.hit();
            } else {
                backlog.miss();
            }
        } else if ((channel.await(-1) & DeviceFile.READABLE) != 0) {
            hadRequest = receive();
            if (hadRequest) {
                emptyReads.reset();
            } else {
                emptyReads.pause();
            }
        }
    }

    /** Takes a request and serves it; false if there was none. */
    private boolean receive() throws ClosedChannelException {
        PendingRequest request;
        try {
            request = channel.receive(buffer);
        } catch (ClosedChannelException e) {
            throw e;
        } catch (ProtocolException e) {
            owner.trouble(e); // one message is lost, the next may be there
            return true;
        } catch (IOException e) {
            owner.trouble(e);
            pause();
            return true;
        }
        if (request == null) {
            return false;
        }
        pauseMillis = FIRST_PAUSE_MILLIS;
        current = request;
        busySince = request.delivered();
        owner.wakeWatchdog();
        dispatcher.dispatch(request);
        runMine();
        return true;
    }

    /** To be called by this thread: it runs the handler as soon as it is through with what it does. */
    void runNext(PendingRequest request) {
        mine.add(request);
    }

    boolean belongsTo(DeviceThreads threads) {
        return owner == threads;
    }

    private void runMine() {
        for (PendingRequest request = mine.poll(); request != null; request = mine.poll()) {
            current = request;
            dispatcher.run(request);
        }
        current = null;
        busySince = IDLE;
    }

    /** When the kernel cannot deliver, for want of fds say, it says so again and again. */
    private void pause() {
        try {
            if (owner.awaitStop(pauseMillis, TimeUnit.MILLISECONDS)) {
                return;
            }
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The request that this thread serves. */
    @Nullable
    PendingRequest current() {
        return current;
    }

    /**
     * Tells whether the end of a server has to wait for it: not if it is in a handler that no one waits for any more. One
     * that seems idle may just have taken a message, and else ends by itself.
     */
    boolean isWaitedFor() {
        PendingRequest request = current;
        return request == null || !request.isCancelled() || !request.isTurnOver();
    }

    /** When it took the message that keeps it from polling, or {@link #IDLE}. */
    long busySince() {
        return busySince;
    }
}
