// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long names in the cache directory are; the names themselves were seen on disks of real kernels. */
class CacheFileNameTest {

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"test.img, Dtest.img", "a=b, Da=b", "a b, E0x1yo", "a/b, E0xZyo", "x\u00fcy, S78c3bc79"})
    void a_name_is_as_long_as_on_a_disk(String key, String name) {
        assertEquals(name.length(), CacheFileName.length(CookieKey.of(key)));
    }

    @Test
    void a_blob_whose_file_would_have_too_long_a_name_is_not_mounted_and_no_open_is_sent() throws Exception {
        FakeKernel kernel = FakeKernel.create();
        RawDaemon daemon = RawDaemon.bound(kernel);
        assertMountFails(kernel, " ".repeat(190));
        assertMountFails(kernel, "a".repeat(200) + "/");
        assertEquals(0, kernel.counters().opens());
        for (String fsid : new String[] {" ".repeat(189), "a".repeat(252)}) {
            var mount = Async.start("mount", () -> kernel.mount("domain", fsid));
            daemon.accept(0);
            mount.get();
        }
    }

    private static void assertMountFails(FakeKernel kernel, String fsid) {
        var thrown = assertThrows(CachefilesException.class, () -> kernel.mount("domain", fsid));
        assertEquals(Errno.ENOBUFS, thrown.errno());
    }
}
