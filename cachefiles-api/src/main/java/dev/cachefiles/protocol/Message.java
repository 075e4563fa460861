// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;

/** A message of the kernel, decoded and checked. Ids and fd are the kernel's bits; offsets and lengths are bytes. */
public sealed interface Message {

    /**
     * Gives {@code msg_id}.
     *
     * @return the 32 bits
     */
    int messageId();

    /**
     * Gives {@code object_id}.
     *
     * @return the 32 bits
     */
    int objectId();

    /**
     * The kernel opens an object; answered with {@code copen}.
     *
     * @param messageId {@code msg_id}
     * @param objectId  {@code object_id}
     * @param fd        the anonymous fd, not negative
     * @param flags     reserved by the kernel, always 0 so far
     * @param volume    the volume key, without its NUL
     * @param cookie    the cookie key
     */
    record Open(int messageId, int objectId, int fd, int flags, VolumeKey volume, CookieKey cookie)
            implements Message {}

    /**
     * A range is missing; answered with READ_COMPLETE.
     *
     * @param messageId {@code msg_id}
     * @param objectId  {@code object_id}
     * @param offset    first byte, not negative
     * @param length    bytes, at least 1; {@code offset + length} does not overflow
     */
    record Read(int messageId, int objectId, long offset, long length) implements Message {}

    /**
     * The kernel lets an object go; not answered.
     *
     * @param messageId {@code msg_id}
     * @param objectId  {@code object_id}, or 0xFFFFFFFF for an object whose fd was closed already
     */
    record Close(int messageId, int objectId) implements Message {}
}
