// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * The kernel's identifier of a pending request, {@code msg_id} in its messages.
 *
 * <p>Opaque: unique among the pending requests only, and free for another request once this one is answered.
 *
 * @param bits the 32 bits of the kernel's unsigned number
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">struct cachefiles_msg, Linux 5.19</a>
 */
public record MessageId(int bits) {

    /**
     * Gives the id in the form used in logs, such as {@code #7}.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return "#" + Integer.toUnsignedString(bits);
    }
}
