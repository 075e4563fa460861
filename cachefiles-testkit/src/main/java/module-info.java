// SPDX-License-Identifier: Apache-2.0
/**
 * A kernel made of Java objects: handlers are tested without root, on any operating system.
 *
 * <p>Start with {@link dev.cachefiles.testkit.FakeKernel}; in tests with JUnit, with
 * {@link dev.cachefiles.testkit.FakeKernelExtension}. JUnit is needed for the latter alone.
 */
module dev.cachefiles.testkit {
    requires transitive dev.cachefiles;
    requires static org.junit.jupiter.api;

    exports dev.cachefiles.testkit;
}
