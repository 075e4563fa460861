// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.MessageId;
import dev.cachefiles.VolumeKey;

/**
 * A request as the {@link FakeKernel} knows it.
 *
 * @param kind      what it asks for
 * @param id        the kernel's id of the message
 * @param volume    the key of the object's volume
 * @param cookie    the key of the object
 * @param offset    first byte of the range of a READ; else 0
 * @param length    number of bytes of the range of a READ; else 0
 * @param delivered whether the daemon has read the message
 */
public record KernelRequest(
        Kind kind, MessageId id, VolumeKey volume, CookieKey cookie, long offset, long length, boolean delivered) {

    /** What a request asks for. */
    public enum Kind {
        /** The size of an object. */
        OPEN,
        /** A range of an object. */
        READ,
        /** Nothing: the object is let go. */
        CLOSE
    }

    /**
     * Gives the request in the form used in logs.
     *
     * @return the text, such as {@code READ #7 erofs,a.img/a.img [0 +4096), delivered}
     */
    @Override
    public String toString() {
        String range = kind == Kind.READ ? " [" + offset + " +" + length + ")" : "";
        return kind + " " + id + " " + volume + "/" + cookie + range + (delivered ? ", delivered" : ", not delivered");
    }
}
