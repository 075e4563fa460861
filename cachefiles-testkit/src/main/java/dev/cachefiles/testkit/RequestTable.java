// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.testkit.KernelProfile.Quirk;
import dev.cachefiles.testkit.KernelRequest.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one cache that are not answered yet, {@code cache->reqs} in fs/cachefiles/internal.h.
 *
 * <p>Guarded by the kernel's lock.
 */
final class RequestTable {
    private final KernelCore core;
    private final TreeMap<Long, PendingRequest> pending = new TreeMap<>();

    /** The id that is tried first for the next request: ids are not used again at once. */
    private long nextId;

    /** Where the search for the next message starts, so that no request starves. */
    private long cursor;

    RequestTable(KernelCore core) {
        this.core = core;
        this.nextId = firstId();
        this.cursor = nextId;
    }

    void send(PendingRequest request) {
        if (core.has(Quirk.REUSES_MESSAGE_IDS)) {
            nextId = firstId();
        }
        while (pending.containsKey(nextId)) {
            nextId = after(nextId);
        }
        request.id = (int) nextId;
        pending.put(nextId, request);
        nextId = after(nextId);
        request.sent = true;
        switch (request.kind) {
            case OPEN -> core.journal.opens++;
            case READ -> core.journal.reads++;
            case CLOSE -> core.journal.closes++;
        }
        core.pollers.wakeUp();
        core.changed.signalAll();
    }

    private long firstId() {
        return Integer.toUnsignedLong(core.settings.firstMessageId());
    }

    private static long after(long id) {
        return id + 1 & 0xffff_ffffL;
    }

    /** Ends a request: whoever waits for it goes on. Does nothing if it has ended already. */
    void complete(PendingRequest request, int error, String answer) {
        if (request.done) {
            return;
        }
        request.done = true;
        request.error = error;
        if (request.sent) {
            pending.remove(Integer.toUnsignedLong(request.id));
            core.journal.answer(new KernelAnswer(
                    request.view(), answer, Thread.currentThread().getName()));
        }
        request.completed.signalAll();
        core.changed.signalAll();
    }

    @Nullable
    PendingRequest get(long id) {
        return pending.get(id);
    }

    /** What poll reports as readable. */
    boolean hasDeliverable() {
        if (core.has(Quirk.POLLS_FOR_ANY_REQUEST)) {
            return !pending.isEmpty();
        }
        return pending.values().stream()
                .anyMatch(request -> request.fresh && !(request.kind == Kind.READ && request.object.isReopening()));
    }

    /**
     * Finds the next message, {@code cachefiles_ondemand_select_req}. A READ of an object without an fd is passed over,
     * and the object is added to those that must be opened again.
     */
    @Nullable
    PendingRequest pick(List<FakeObject> toOpenAgain) {
        if (core.has(Quirk.NEVER_REOPENS)) {
            return pending.values().stream()
                    .filter(request -> request.fresh)
                    .findFirst()
                    .orElse(null);
        }
        PendingRequest request = firstFresh(pending.tailMap(cursor, true), toOpenAgain);
        return request != null ? request : firstFresh(pending.headMap(cursor, false), toOpenAgain);
    }

    private static @Nullable PendingRequest firstFresh(
            SortedMap<Long, PendingRequest> range, List<FakeObject> toOpenAgain) {
        for (PendingRequest request : range.values()) {
            if (!request.fresh) {
                continue;
            }
            if (request.kind != Kind.READ || request.object.isOpen()) {
                return request;
            }
            if (!request.object.isReopening()) {
                request.object.reopening();
                toOpenAgain.add(request.object);
            }
        }
        return null;
    }

    void delivered(PendingRequest request) {
        request.delivered();
        cursor = after(Integer.toUnsignedLong(request.id));
        core.changed.signalAll();
    }

    /** The command {@code restore}. */
    void markAllFresh() {
        pending.values().forEach(request -> request.fresh = true);
        core.pollers.wakeUp();
    }

    Collection<PendingRequest> all() {
        return new ArrayList<>(pending.values());
    }
}
