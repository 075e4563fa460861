// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * The kernel's identifier of an open cache object, {@code object_id} in its messages.
 *
 * <p>Opaque: it has no order, and once the CLOSE of its object was delivered the kernel may use it for another one. An
 * object that the kernel opens again gets a new id.
 *
 * @param bits the 32 bits of the kernel's unsigned number
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">struct cachefiles_msg, Linux 5.19</a>
 */
public record ObjectId(int bits) {

    /**
     * The id in the CLOSE of an object whose fd the daemon had closed before it read the message
     * ({@code CACHEFILES_ONDEMAND_ID_CLOSED} in fs/cachefiles/internal.h).
     */
    public static final ObjectId CLOSED = new ObjectId(-1);

    /**
     * Gives the id in the form used in logs, such as {@code o5}.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return "o" + Integer.toUnsignedString(bits);
    }
}
