// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo.erofs;

import java.io.IOException;

/** An image is damaged, or not EROFS, or uses what this reader does not know. */
public class ErofsException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception.
     *
     * @param message what is wrong
     */
    public ErofsException(String message) {
        super(message);
    }

    /** An image is fine, but compressed, which this reader cannot undo. */
    public static final class Compressed extends ErofsException {
        private static final long serialVersionUID = 1;

        /** Makes an exception. */
        public Compressed() {
            super("the image is compressed");
        }
    }
}
