// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * A message of the kernel that asks for something.
 *
 * <p>OPEN and READ are answered exactly once, in any order and from any thread; a second answer throws
 * {@link IllegalStateException} and does not reach the kernel. While one is unanswered, a process waits for it.
 *
 * <p>Safe for use by several threads.
 */
public sealed interface Request permits OpenRequest, ReadRequest, CloseRequest {

    /**
     * Gives the kernel's id of the message.
     *
     * @return the id, which the kernel may use again once the request is answered
     */
    MessageId id();

    /**
     * Gives the object that the request is about.
     *
     * @return the kernel's id of it
     */
    ObjectId objectId();
}
