// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import java.io.IOException;
import java.util.List;

/** What the daemon does for a client. Called by several threads. */
@FunctionalInterface
public interface ControlCommand {

    /**
     * Does it.
     *
     * @param arguments what the client has said after the command's name
     * @param reply     tells the client how it goes
     * @throws IOException if it did not work, which the client is told; also if the client has gone
     */
    void run(List<String> arguments, Reply reply) throws IOException;

    /** What a client is told before the end. Safe for use by several threads. */
    interface Reply {

        /**
         * Says something.
         *
         * @param text one line
         * @throws IOException if the client has gone
         */
        void say(String text) throws IOException;

        /**
         * Tells how far the work has come.
         *
         * @param done  bytes that are there
         * @param total bytes that shall be there
         * @param name  what of
         * @throws IOException if the client has gone
         */
        void progress(long done, long total, String name) throws IOException;
    }
}
