// SPDX-License-Identifier: Apache-2.0
/**
 * The native side: Linux through {@link java.lang.foreign}. Needs {@code --enable-native-access=dev.cachefiles.ffm}, or
 * {@code ALL-UNNAMED} on the class path.
 *
 * <p>Found by {@link java.util.ServiceLoader}; to be on the path is enough.
 */
module dev.cachefiles.ffm {
    requires transitive dev.cachefiles;
    requires static org.jspecify;

    exports dev.cachefiles.ffm;

    provides dev.cachefiles.spi.CachefilesProvider with
            dev.cachefiles.ffm.LinuxCachefilesProvider;
}
