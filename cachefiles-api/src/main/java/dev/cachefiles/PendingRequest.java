// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What all requests have in common: one answer, a deadline, a turn with the handler, and a way to hear of the end.
 *
 * <p>Three parties race for a request: the handler that answers by itself, the engine that answers when the handler has
 * returned, and the watchdog that answers at the deadline. Whoever {@linkplain #claim claims} it answers. The
 * <em>turn</em> is the place that the request takes among those that are served; it too is given back once, by the
 * handler's return or by the watchdog.
 *
 * <p>Fields with handles, not atomic objects, since there is a request per miss.
 */
abstract sealed class PendingRequest permits OpenRequest, ReadRequest, CloseRequest {
    private static final VarHandle STATE;
    private static final VarHandle TURN;
    private static final VarHandle PLACE;
    private static final VarHandle RUNNER;
    private static final VarHandle ON_CANCEL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(PendingRequest.class, "state", int.class);
            TURN = lookup.findVarHandle(PendingRequest.class, "turn", int.class);
            PLACE = lookup.findVarHandle(PendingRequest.class, "place", int.class);
            RUNNER = lookup.findVarHandle(PendingRequest.class, "runner", Object.class);
            ON_CANCEL = lookup.findVarHandle(PendingRequest.class, "onCancel", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static final int WAITING = 0;
    private static final int ANSWERING = 1;
    private static final int SERVED = 2;
    private static final int FAILED = 3;
    private static final int CANCELLED = 4;

    private static final int NO_TURN = 0;
    private static final int BEFORE_HANDLER = 1;
    private static final int IN_HANDLER = 2;
    private static final int TURN_OVER = 3;

    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** In place of the thread while it is being interrupted. */
    private static final Object INTERRUPTING = new Object();

    /** In place of the action once the request is cancelled. */
    private static final Object GONE = new Object();

    private final long delivered;

    /** Nanoseconds from the delivery to the deadline. Set before another thread sees the request. */
    private long allowed = NO_LIMIT;

    /** It is in the set of the watchdog, and must be taken out. */
    private volatile boolean watched;

    /** How old it was when the handler answered by itself, in microseconds; 0 if it has not. */
    private int answeredMicros;

    private volatile int state = WAITING;
    private volatile int turn = NO_TURN;

    /** 1 while it counts among those that are served; an exchange of a boolean is slow. */
    private volatile int place;

    /**
     * The thread that is in the handler. Of a request that is handed to a loop outside of the library, for which no
     * handler runs: the {@link LeakGuard} that finds it when it is dropped.
     */
    private volatile @Nullable Object runner;

    private volatile @Nullable Object onCancel;

    PendingRequest(TimeSource time) {
        this.delivered = time.nanoTime();
    }

    /**
     * Tells whether the request was answered, by whomever.
     *
     * @return true from the first answer on
     */
    public boolean isAnswered() {
        return state != WAITING;
    }

    /**
     * Tells whether the server has answered in the handler's place, since the deadline has passed or the server closes.
     *
     * @return true if what the handler still does for the request serves no one
     */
    public boolean isCancelled() {
        return state == CANCELLED;
    }

    /**
     * Sets what to do when the request is cancelled; at once if it is. The action before, if any, is dropped.
     *
     * @param action run once, by a thread of the server, which it must not block
     */
    public void onCancel(Runnable action) {
        if (action == null) {
            throw new NullPointerException("action");
        }
        Object before = onCancel;
        while (!GONE.equals(before)) {
            if (ON_CANCEL.compareAndSet(this, before, action)) {
                return;
            }
            before = onCancel;
        }
        action.run();
    }

    /**
     * Gives the time until the deadline.
     *
     * @return the time left, zero when it has passed; or empty if there is no deadline
     */
    public Optional<Duration> timeLeft() {
        return allowed == NO_LIMIT
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(Math.max(0, allowed - ageNanos(time().nanoTime()))));
    }

    /**
     * Gives the time since the message was read from the device.
     *
     * @return the age
     */
    public Duration age() {
        return Duration.ofNanos(ageNanos(time().nanoTime()));
    }

    /** The object, or null for the CLOSE of one that is not known. */
    abstract @Nullable CacheObject target();

    /** The same, as handlers and listeners see it. */
    abstract Request request();

    /** Bytes that are to be fetched for it. */
    abstract long bytes();

    abstract TimeSource time();

    long ageNanos(long now) {
        return now - delivered;
    }

    /** When it was read from the device. */
    long delivered() {
        return delivered;
    }

    void allow(long nanos) {
        allowed = nanos;
    }

    /** Time until the deadline; zero or negative when it has passed. */
    long nanosLeft(long now) {
        return allowed == NO_LIMIT ? NO_LIMIT : allowed - (now - delivered);
    }

    void watched(boolean value) {
        watched = value;
    }

    boolean isWatched() {
        return watched;
    }

    // The answer

    /** Takes the right to answer. */
    boolean claim() {
        return STATE.compareAndSet(this, WAITING, ANSWERING);
    }

    /** Takes the right to answer; false if the answer would come too late, and is dropped. */
    boolean claimForHandler() {
        if (claim()) {
            return true;
        }
        if (isCancelled()) {
            return false;
        }
        throw new IllegalStateException(this + " was answered before");
    }

    /** To be called once, after {@link #claim}. */
    void answered(boolean served) {
        end(served ? SERVED : FAILED);
    }

    /** The handler answers by itself, and may go on with something else. To be called after {@link #claim}. */
    void answeredByHandler() {
        answeredMicros = Math.clamp(ageNanos(time().nanoTime()) / 1000, 1, Integer.MAX_VALUE);
    }

    /** What it took to answer; until now if that is being done. */
    Duration elapsed() {
        return answeredMicros == 0 ? age() : Duration.ofNanos(1000L * answeredMicros);
    }

    /** To be called once, after {@link #claim}, in place of {@link #answered}. */
    void cancelled() {
        end(CANCELLED);
    }

    private void end(int outcome) {
        state = outcome;
        if (runner instanceof LeakGuard guard) {
            guard.done();
        }
    }

    /** Another request for the same message, to answer when this one was dropped. */
    abstract PendingRequest twin();

    /** Answers in the place of who should have; to be called once, after {@link #claim}. */
    abstract void cancelClaimed() throws IOException;

    /** From now on it is answered without data, or refused, if it is dropped without an answer. */
    void guardAgainstLoss() {
        PendingRequest twin = twin();
        runner = LeakGuard.watch(this, this + " was dropped without an answer; it is answered without data now", () -> {
            twin.claim();
            try {
                twin.cancelClaimed();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Tells whether it was answered with what was asked for. */
    boolean wasServed() {
        return state == SERVED;
    }

    // The turn

    void beginTurn() {
        turn = BEFORE_HANDLER;
    }

    /** The handler is about to be called; false if the turn is over already, and it must not be. */
    boolean enterHandler() {
        return TURN.compareAndSet(this, BEFORE_HANDLER, IN_HANDLER);
    }

    /** The handler has returned; false if it was not waited for, and the turn was over before. */
    boolean leaveHandler() {
        return TURN.compareAndSet(this, IN_HANDLER, TURN_OVER);
    }

    /** What {@link #endTurn} has found. */
    enum Turn {
        NONE,
        BEFORE_HANDLER,
        IN_HANDLER
    }

    /** Ends the turn without waiting for the handler. */
    Turn endTurn() {
        return switch ((int) TURN.getAndSet(this, TURN_OVER)) {
            case BEFORE_HANDLER -> Turn.BEFORE_HANDLER;
            case IN_HANDLER -> Turn.IN_HANDLER;
            default -> Turn.NONE;
        };
    }

    boolean isTurnOver() {
        return turn == TURN_OVER;
    }

    /** The request counts among those that are served; set by {@link Admission}. */
    void givePlace() {
        place = 1;
    }

    /** True for the one who takes the place back, if there is one. */
    boolean takePlaceBack() {
        return (int) PLACE.getAndSet(this, 0) != 0;
    }

    // The handler's thread

    /** The current thread enters the handler. */
    void enter() {
        runner = Thread.currentThread();
    }

    /** The current thread has left the handler; no interrupt that was meant for it comes later. */
    void leave() {
        Thread thread = Thread.currentThread();
        while (!RUNNER.compareAndSet(this, thread, null) && runner != null) {
            Thread.onSpinWait();
        }
        // An interrupt must not reach the next request, whose files it would close.
        Thread.interrupted();
    }

    /** Tells whether the current thread is in the handler for this request. */
    boolean isRunByCurrentThread() {
        return runner == Thread.currentThread();
    }

    /** Tells the handler that no one waits any more. To be called after {@link #cancelled}. */
    void tellHandler() {
        Object action = ON_CANCEL.getAndSet(this, GONE);
        Object thread = runner;
        if (thread instanceof Thread t && RUNNER.compareAndSet(this, t, INTERRUPTING)) {
            t.interrupt();
            runner = null;
        }
        if (action instanceof Runnable told) {
            told.run();
        }
    }
}
