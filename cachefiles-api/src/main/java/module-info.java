// SPDX-License-Identifier: Apache-2.0
/**
 * The cachefiles on-demand protocol of the Linux kernel as typed Java.
 *
 * <p>Start with {@link dev.cachefiles.OnDemandHandler} and {@link dev.cachefiles.OnDemandServer}; those who drive the
 * loop themselves use {@link dev.cachefiles.CachefilesChannel}. Authors of data sources need only
 * {@link dev.cachefiles.blob.BlobSource}, which knows nothing of the kernel.
 *
 * <p>This module is pure Java and makes no native call. A provider of the native side, such as the module
 * {@code dev.cachefiles.ffm}, must be on the path at run time.
 */
module dev.cachefiles {
    requires static transitive org.jspecify;

    exports dev.cachefiles;
    exports dev.cachefiles.blob;
    exports dev.cachefiles.blob.layer;
    exports dev.cachefiles.probe;
    exports dev.cachefiles.cache;
    exports dev.cachefiles.spi;
    exports dev.cachefiles.protocol to
            dev.cachefiles.ffm,
            dev.cachefiles.testkit;

    uses dev.cachefiles.spi.CachefilesProvider;
}
