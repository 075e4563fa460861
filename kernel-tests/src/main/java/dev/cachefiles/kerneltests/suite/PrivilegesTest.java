// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.OpenCache;
import dev.cachefiles.kerneltests.support.Shell;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Opening the device without the right to: the fake kernel knows no users. */
class PrivilegesTest {
    private static final int EPERM = 1;
    private static final int EACCES = 13;

    @Test
    @Row(1)
    void root_without_the_capability_is_not_permitted() {
        assertEquals(EPERM, openDevice("--bounding-set=-sys_admin").status());
    }

    @Test
    @Row(1)
    void another_user_has_no_access() {
        assertEquals(
                EACCES,
                openDevice("--reuid=65534", "--regid=65534", "--clear-groups").status());
    }

    @Test
    @Row(1)
    void the_library_and_the_probe_name_the_capability() throws Exception {
        Shell.Result result = asPrivileged(
                List.of("--bounding-set=-sys_admin"),
                "prlimit",
                "--nofile=200:200",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                OpenCache.class.getName(),
                CacheDirectory.create().toString());
        assertEquals(1, result.status(), result.errors());
        assertTrue(result.output().startsWith("/dev/cachefiles: EPERM (1): "), result.output());
        assertTrue(result.output().contains("CAP_SYS_ADMIN"), result.output());
        assertTrue(result.output().contains("\nERROR PRIVILEGE: this process lacks the capability"), result.output());
        assertTrue(result.output().contains("\nWARNING OPEN_FILES: this process may have only 200"), result.output());
    }

    /** The exit status is the error number of open(2). */
    private static Shell.Result openDevice(String... privileges) {
        return asPrivileged(
                List.of(privileges), "perl", "-e", "open(my $device, '+<', '/dev/cachefiles') or exit $!+0");
    }

    private static Shell.Result asPrivileged(List<String> privileges, String... command) {
        List<String> all = new ArrayList<>();
        all.add("setpriv");
        all.addAll(privileges);
        all.addAll(List.of(command));
        return Shell.run(all.toArray(String[]::new));
    }
}
