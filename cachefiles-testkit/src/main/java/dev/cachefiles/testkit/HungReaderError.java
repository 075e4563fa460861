// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * A mount or a read waited for the daemon longer than {@link FakeKernelBuilder#patience} allows. A process of a real
 * kernel would wait for ever.
 */
public final class HungReaderError extends AssertionError {
    private static final long serialVersionUID = 1;

    HungReaderError(String message) {
        super(message);
    }
}
