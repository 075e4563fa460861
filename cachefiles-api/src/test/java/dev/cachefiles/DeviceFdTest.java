// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeviceFdTest {
    private static final long PID = 42;

    private static Optional<DeviceFd> passed(String name, String pid, String count, String names) {
        return DeviceFd.passed(name, Map.of("LISTEN_PID", pid, "LISTEN_FDS", count, "LISTEN_FDNAMES", names), PID);
    }

    @Test
    void is_found_by_its_name_among_those_that_were_passed() {
        assertEquals(Optional.of(new DeviceFd(3)), passed("cachefiles", "42", "1", "cachefiles"));
        assertEquals(Optional.of(new DeviceFd(5)), passed("cachefiles", "42", "3", "http:log:cachefiles"));
        assertEquals(Optional.empty(), passed("cachefiles", "42", "2", "http:log"));
        assertEquals(Optional.empty(), passed("cachefiles", "42", "2", "http:log:cachefiles"), "beyond the count");
    }

    @Test
    void what_was_meant_for_another_process_is_not_taken() {
        assertEquals(Optional.empty(), passed("cachefiles", "43", "1", "cachefiles"));
        assertEquals(Optional.empty(), passed("cachefiles", "42", "-1", "cachefiles"));
        assertEquals(Optional.empty(), passed("cachefiles", "42", "", "cachefiles"));
        assertEquals(Optional.empty(), DeviceFd.passed("cachefiles", Map.of(), PID));
    }

    @Test
    void cannot_be_negative() {
        assertThrows(IllegalArgumentException.class, () -> new DeviceFd(-1));
        assertEquals("fd 3", new DeviceFd(3).toString());
    }
}
