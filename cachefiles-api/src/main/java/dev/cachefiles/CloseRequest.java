// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * CLOSE: the kernel lets an object go, mostly after umount. It is not answered, but a mount of the same volume waits
 * until it was read.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_init_close_req in
 *      fs/cachefiles/ondemand.c, Linux 5.19</a>
 */
public final class CloseRequest extends PendingRequest implements Request {
    private final MessageId id;
    private final ObjectId objectId;
    private final @Nullable CacheObject object;
    private final TimeSource time;

    CloseRequest(TimeSource time, MessageId id, ObjectId objectId, @Nullable CacheObject object) {
        super(time);
        this.time = time;
        this.id = id;
        this.objectId = objectId;
        this.object = object;
    }

    @Override
    public MessageId id() {
        return id;
    }

    @Override
    public ObjectId objectId() {
        return objectId;
    }

    /**
     * Gives the object that is closed.
     *
     * @return the object, or empty if the daemon had given its fd back before
     */
    public Optional<CacheObject> object() {
        return Optional.ofNullable(object);
    }

    /**
     * Closes the object's fd, after the READs of it that are not answered yet and the writes that are under way. Does
     * nothing the second time, or if there is no object.
     */
    public void complete() {
        if (claim()) {
            answered(true);
            end();
        }
    }

    @Override
    void cancelClaimed() {
        cancelled();
        end();
    }

    @Override
    PendingRequest twin() {
        return new CloseRequest(time(), id, objectId, object);
    }

    private void end() {
        if (object != null) {
            object.end();
        }
    }

    /** Runs the action when the object's READs are answered and its handlers have returned. */
    void whenIdle(Runnable action) {
        if (object == null) {
            action.run();
        } else {
            object.retire(action);
        }
    }

    @Override
    TimeSource time() {
        return time;
    }

    @Override
    @Nullable
    CacheObject target() {
        return object;
    }

    @Override
    Request request() {
        return this;
    }

    @Override
    long bytes() {
        return 0;
    }

    /**
     * Gives the request in the form used in logs.
     *
     * @return the text, such as {@code CLOSE #9 o5}
     */
    @Override
    public String toString() {
        return "CLOSE " + id + " " + objectId;
    }
}
