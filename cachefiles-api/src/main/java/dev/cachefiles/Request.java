// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.time.Duration;
import java.util.Optional;

/**
 * A message of the kernel that asks for something.
 *
 * <p>OPEN and READ are answered exactly once, in any order and from any thread; a second answer throws
 * {@link IllegalStateException} and does not reach the kernel. While one is unanswered, a process waits for it.
 *
 * <p>An {@link OnDemandServer} gives each request a deadline. At that moment it answers in the handler's place: the
 * request is <em>cancelled</em>. What the handler answers later is dropped, and what it writes later does no harm, since
 * the bytes of an object never change.
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

    /**
     * Tells whether the request was answered, by whomever.
     *
     * @return true from the first answer on
     */
    boolean isAnswered();

    /**
     * Tells whether the server has answered in the handler's place, since the deadline has passed or the server closes.
     *
     * @return true if what the handler still does for the request serves no one
     */
    boolean isCancelled();

    /**
     * Sets what to do when the request is cancelled; at once if it is. The action before, if any, is dropped. The thread
     * that runs the handler is interrupted in any case.
     *
     * @param action run once, by a thread of the server, which it must not block
     */
    void onCancel(Runnable action);

    /**
     * Gives the time until the deadline.
     *
     * @return the time left, zero when it has passed; or empty if there is no deadline
     */
    Optional<Duration> timeLeft();

    /**
     * Gives the time since the message was read from the device.
     *
     * @return the age
     */
    Duration age();
}
