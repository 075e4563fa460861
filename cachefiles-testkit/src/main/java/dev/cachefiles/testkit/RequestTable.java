// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.testkit.KernelProfile.Quirk;
import dev.cachefiles.testkit.KernelRequest.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
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
        Random order = core.faults.order();
        List<PendingRequest> found = new ArrayList<>();
        for (PendingRequest request : inOrder()) {
            if (request.fresh && canBeDelivered(request, toOpenAgain)) {
                found.add(request);
                if (order == null) {
                    break;
                }
            }
        }
        if (found.isEmpty()) {
            return null;
        }
        return order == null ? found.getFirst() : found.get(order.nextInt(found.size()));
    }

    private List<PendingRequest> inOrder() {
        long start = core.has(Quirk.REUSES_MESSAGE_IDS) ? 0 : cursor;
        List<PendingRequest> requests =
                new ArrayList<>(pending.tailMap(start, true).values());
        requests.addAll(pending.headMap(start, false).values());
        return requests;
    }

    private boolean canBeDelivered(PendingRequest request, List<FakeObject> toOpenAgain) {
        if (request.kind != Kind.READ || request.object.isOpen() || core.has(Quirk.NEVER_REOPENS)) {
            return true;
        }
        if (!request.object.isReopening()) {
            request.object.reopening();
            toOpenAgain.add(request.object);
        }
        return false;
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
