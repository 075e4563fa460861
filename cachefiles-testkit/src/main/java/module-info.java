// SPDX-License-Identifier: Apache-2.0
/**
 * A kernel made of Java objects: handlers are tested without root, on any operating system.
 *
 * <p>Start with {@link dev.cachefiles.testkit.FakeKernel}.
 */
module dev.cachefiles.testkit {
    requires transitive dev.cachefiles;

    exports dev.cachefiles.testkit;
}
