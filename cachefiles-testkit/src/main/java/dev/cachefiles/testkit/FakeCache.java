// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageEncoder;
import dev.cachefiles.testkit.FaultScript.Fault;
import dev.cachefiles.testkit.KernelProfile.Quirk;
import dev.cachefiles.testkit.KernelRequest.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cache of one open device, {@code struct cachefiles_cache}: from its open until neither the device nor an anonymous
 * fd is open.
 *
 * <p>Guarded by the kernel's lock.
 */
final class FakeCache {
    private final KernelCore core;
    private final RequestTable requests;

    /** Those that are not withdrawn. */
    private final Set<FakeObject> objects = new LinkedHashSet<>();

    /** Null before bind. */
    private @Nullable CacheStore store;

    private boolean onDemand;
    private boolean dead;

    /** The device and each anonymous fd hold one; the cache ends with the last ({@code unbind_pincount}). */
    private int pins = 1;

    private boolean gone;

    private final ObjectIds objectIds;

    FakeCache(KernelCore core) {
        this.core = core;
        this.objectIds = new ObjectIds(core.settings.firstObjectId());
        this.requests = new RequestTable(core);
    }

    // Commands

    /** The command {@code bind ondemand}. The flag stays when the rest fails. */
    void onDemand() {
        onDemand = true;
    }

    boolean isOnDemand() {
        return onDemand;
    }

    /** The rest of the command {@code bind}; 0 or a negated errno. */
    int bind(String directory, String tag, FreeSpaceLimits blocks, FreeSpaceLimits files) {
        if (core.disk.isReadOnly()) {
            return KernelCore.error(Errno.EROFS);
        }
        var space = new SpaceCheck(core, blocks, files);
        space.check(0, 0);
        store = new CacheStore(core, directory, space);
        core.records.bind(tag, this);
        core.records.boundTo(directory, this);
        return 0;
    }

    /** The flag CULLING, which poll reports as {@code POLLOUT}. */
    boolean isCulling() {
        return store != null && store.space().isCulling();
    }

    boolean isBound() {
        return store != null;
    }

    /** What it is bound to; it must be. */
    CacheStore store() {
        if (store == null) {
            throw new IllegalStateException("not bound");
        }
        return store;
    }

    boolean isDead() {
        return dead;
    }

    /** True from bind until the last fd closes. */
    boolean isUsable() {
        return isBound() && !dead;
    }

    boolean isGone() {
        return gone;
    }

    int restore() {
        requests.markAllFresh();
        return 0;
    }

    /** The command {@code copen}, with the bytes after the comma. */
    int copen(long id, String sizeText) {
        PendingRequest request = requests.get(id);
        if (request != null && core.has(Quirk.TAKES_ANY_ANSWER)) {
            return copenUnchecked(request, sizeText);
        }
        if (request == null || request.kind != Kind.OPEN || request.object.id() == FakeObject.NEVER_OPENED) {
            core.journal.refusedAnswers++;
            return KernelCore.error(Errno.EINVAL);
        }
        FakeObject object = request.object;
        int result = 0;
        int error = 0;
        KernelNumbers.Parsed size = KernelNumbers.signed(sizeText);
        if (size.error() != 0) {
            result = size.error();
            error = result;
        } else if (size.value() < -Errno.MAX_NUMBER) {
            result = KernelCore.error(Errno.EINVAL);
            error = result;
        } else if (size.value() < 0) {
            error = (int) size.value();
        } else if (object.id() == FakeObject.ID_CLOSED) {
            error = KernelCore.error(Errno.EBADFD);
        } else {
            error = opened(object, size.value());
            // READs that came while the object was reopening can be delivered now.
            core.pollers.wakeUp();
        }
        if (object.id() == FakeObject.ID_CLOSED) {
            object.closed();
        }
        end(request, error, "copen " + sizeText);
        return result;
    }

    /** Takes the answer whatever the request is, and whether it was delivered or not. */
    private int copenUnchecked(PendingRequest request, String sizeText) {
        KernelNumbers.Parsed size = KernelNumbers.signed(sizeText);
        int error = size.error();
        if (error == 0 && size.value() < 0) {
            error = size.value() < -Errno.MAX_NUMBER ? KernelCore.error(Errno.EINVAL) : (int) size.value();
        } else if (error == 0 && request.kind == Kind.OPEN) {
            error = opened(request.object, size.value());
        } else if (error == 0) {
            request.object.size(size.value());
        }
        end(request, error, "copen " + sizeText);
        return size.error();
    }

    /** The object has a size: it gets its file, unless it has one already, which then keeps its size. */
    private int opened(FakeObject object, long size) {
        object.size(size);
        object.open();
        return object.file() == null ? store().attachFile(object) : 0;
    }

    // The device

    boolean isReadable() {
        if (!onDemand) {
            return store != null && store.space().hasStateChanged();
        }
        return isBound() && ((!dead && core.faults.hasInjected()) || requests.hasDeliverable());
    }

    int read(MemorySegment buffer) {
        if (!isBound()) {
            return 0;
        }
        if (!onDemand) {
            return readStatus(buffer);
        }
        byte[] injected = dead ? null : core.faults.takeInjected();
        if (injected != null) {
            return copyOut(injected, buffer);
        }
        var toOpenAgain = new ArrayList<FakeObject>();
        PendingRequest request = requests.pick(toOpenAgain);
        // The kernel leaves these to a worker, so that this read does not find them yet.
        toOpenAgain.forEach(object -> queue(Kind.OPEN, object));
        return request == null ? 0 : deliver(request, buffer);
    }

    private int readStatus(MemorySegment buffer) {
        byte[] status = store().space().status().getBytes(StandardCharsets.US_ASCII);
        return status.length > buffer.byteSize() ? KernelCore.error(Errno.EMSGSIZE) : copyOut(status, buffer);
    }

    private int deliver(PendingRequest request, MemorySegment buffer) {
        FakeObject object = request.object;
        if (MessageEncoder.encode(message(request, 0)).length > buffer.byteSize()) {
            return KernelCore.error(Errno.EMSGSIZE);
        }
        requests.delivered(request);
        Fault fault = core.faults.pass(FaultScript.Point.MESSAGE);
        int fd = 0;
        if (request.kind == Kind.OPEN) {
            fd = newFd(object);
            if (fd < 0) {
                return notDelivered(request, fd);
            }
        }
        byte[] message = MessageEncoder.encode(message(request, fd));
        if (fault instanceof Fault.FailToCopy) {
            if (request.kind == Kind.OPEN) {
                core.process.closed(fd);
                fdReleased(object, object.id());
            }
            return notDelivered(request, KernelCore.error(Errno.EFAULT));
        }
        if (request.kind == Kind.CLOSE) {
            end(request, 0, "read");
        }
        if (request.kill != null) {
            killReader(request);
        }
        return copyOut(fault instanceof Fault.Alter alter ? alter.alteration().apply(message) : message, buffer);
    }

    private int notDelivered(PendingRequest request, int error) {
        end(request, error, "(not delivered: " + Errno.ofResult(error) + ")");
        return error;
    }

    private void killReader(PendingRequest request) {
        if (!core.has(Quirk.READERS_UNKILLABLE)) {
            request.readerKilled = true;
            cancel(request, "(killed)");
        }
    }

    private static Message message(PendingRequest request, int fd) {
        FakeObject object = request.object;
        return switch (request.kind) {
            case OPEN -> new Message.Open(request.id, object.id(), fd, 0, object.volume(), object.cookie());
            case READ -> new Message.Read(request.id, object.id(), request.offset, request.length);
            case CLOSE -> new Message.Close(request.id, object.id());
        };
    }

    private static int copyOut(byte[] message, MemorySegment buffer) {
        MemorySegment.copy(message, 0, buffer, ValueLayout.JAVA_BYTE, 0, message.length);
        return message.length;
    }

    /** Makes the fd of an OPEN; the number or a negated errno. */
    private int newFd(FakeObject object) {
        int id = objectIds.take();
        int fd = core.process.lowestFreeFd();
        Errno error = null;
        if (fd < 0) {
            error = Errno.EMFILE;
        } else if (core.anonFiles >= core.anonFileLimit) {
            error = Errno.ENFILE;
        } else if (object.hasFd()) {
            error = Errno.EEXIST;
        }
        if (error != null) {
            objectIds.free(id);
            if (!object.hasFd()) {
                object.closed();
            }
            return KernelCore.error(error);
        }
        object.id(id);
        core.process.install(fd, new FakeAnonFile(core, object, id, fd));
        core.anonFiles++;
        pins++;
        core.changed.signalAll();
        return fd;
    }

    /** The daemon's last close of the device. */
    void deviceReleased() {
        dead = true;
        failRequests();
        unpin();
    }

    /** {@code cachefiles_io_error}: sets the state DEAD. */
    void die() {
        if (dead) {
            return;
        }
        dead = true;
        if (!core.has(Quirk.KEEPS_REQUESTS_WHEN_DEAD)) {
            failRequests();
        }
    }

    private void failRequests() {
        for (PendingRequest request : requests.all()) {
            end(request, KernelCore.error(Errno.EIO), "(cache dead)");
        }
    }

    private void unpin() {
        pins--;
        if (pins == 0) {
            var all = new ArrayList<FakeObject>(objects);
            all.forEach(FakeObject::withdrawn);
            // Readers whose READ was answered have what they wanted; the last close waits for them.
            core.awaitUnkillably(core.changed, () -> all.stream().noneMatch(FakeObject::hasReaders));
            all.forEach(this::withdrawn);
            gone = true;
        }
        core.changed.signalAll();
    }

    // Anonymous fds

    int completeRead(FakeObject object, int messageId) {
        PendingRequest request = requests.get(Integer.toUnsignedLong(messageId));
        if (request == null || !(core.has(Quirk.TAKES_ANY_ANSWER) || request.isReadOf(object))) {
            core.journal.refusedAnswers++;
            return KernelCore.error(Errno.EINVAL);
        }
        int error = request.kind == Kind.OPEN ? opened(request.object, request.object.size()) : 0;
        end(request, error, "READ_COMPLETE");
        return 0;
    }

    /** An anonymous fd was closed. */
    void fdReleased(FakeObject object, int objectId) {
        if (core.has(Quirk.NEVER_REOPENS)) {
            for (PendingRequest request : requests.all()) {
                if (request.kind == Kind.READ) {
                    end(request, KernelCore.error(Errno.EIO), "(fd closed)");
                }
            }
        }
        if (object.id() == objectId) {
            object.id(FakeObject.ID_CLOSED);
            object.closed();
        }
        objectIds.free(objectId);
        core.anonFiles--;
        unpin();
    }

    // Readers

    /** Starts to use a blob: sends its OPEN. */
    PendingRequest sendOpen(FakeObject object) {
        objects.add(object);
        store().begin(object);
        return queue(Kind.OPEN, object);
    }

    /** Sends an OPEN or a CLOSE as soon as there is a worker that can wait for its answer. */
    private PendingRequest queue(Kind kind, FakeObject object) {
        var request = new PendingRequest(kind, object, 0, 0, core.lock.newCondition());
        core.work.queue(() -> {
            if (request.done) {
                core.work.done();
            } else if (dead) {
                end(request, KernelCore.error(Errno.EIO), "(cache dead)");
                core.work.done();
            } else {
                requests.send(request);
            }
        });
        return request;
    }

    /** Ends a request: whoever waits for it goes on. Does nothing if it has ended already. */
    private void end(PendingRequest request, int error, String answer) {
        if (request.done) {
            return;
        }
        requests.complete(request, error, answer);
        if (request.kind == Kind.CLOSE) {
            withdrawn(request.object);
        }
        if (request.sent && request.kind != Kind.READ) {
            core.work.done();
        }
    }

    /** Sends a READ; null if that cannot be, so that the reader fails at once. */
    @Nullable
    PendingRequest sendRead(FakeObject object, long offset, long length) {
        if (dead || (core.has(Quirk.NEVER_REOPENS) && !object.hasFd())) {
            return null;
        }
        object.attached();
        var request = new PendingRequest(Kind.READ, object, offset, length, core.lock.newCondition());
        requests.send(request);
        if (core.faults.pass(FaultScript.Point.READ) instanceof Fault.KillReader kill) {
            request.kill = kill;
            if (!kill.delivered()) {
                killReader(request);
            }
        }
        return request;
    }

    /** Takes a request back: its reader was killed, or has waited too long. */
    void cancel(PendingRequest request, String why) {
        end(request, KernelCore.error(Errno.EINTR), why);
    }

    /** No mount uses the object any more. It is gone at once, or when the daemon has read its CLOSE. */
    void withdraw(FakeObject object) {
        if (object.isWithdrawn()) {
            return;
        }
        boolean open = core.has(Quirk.NEVER_REOPENS) ? object.hasFd() : object.isOpen();
        if (open && !dead) {
            queue(Kind.CLOSE, object);
        } else {
            withdrawn(object);
        }
    }

    private void withdrawn(FakeObject object) {
        if (!objects.remove(object)) {
            return;
        }
        for (PendingRequest request : requests.all()) {
            if (request.object == object) {
                end(request, KernelCore.error(Errno.EIO), "(object withdrawn)");
            }
        }
        if (!store().letGo(object)) {
            die();
        }
        object.gone();
        core.changed.signalAll();
    }

    List<PendingRequest> unanswered() {
        return new ArrayList<>(requests.all());
    }
}
