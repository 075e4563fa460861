// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingTest {
    private static final Origin LINE = Origin.line(Path.of("/etc/blobs/server.yaml"), 3);

    private static <T> T read(Setting<T> setting, String text) throws ConfigException {
        var problems = new Problems();
        var written = new Value.Mapping(LINE, Map.of(setting.name(), new Value.Text(LINE, text)));
        Settings settings = Settings.read(written, List.of(setting), problems);
        problems.throwIfAny();
        return settings.get(setting);
    }

    private static void assertRefused(Setting<?> setting, String text, String message) {
        var refusal = assertThrows(ConfigException.class, () -> read(setting, text));
        assertEquals("/etc/blobs/server.yaml:3: x: " + message, refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"15,15000", "0.05,50", "250ms,250", "2 m,120000", "1h,3600000", "1.5s,1500"})
    void readsTimes(String text, long millis) throws ConfigException {
        var setting = Setting.time("x", "", Duration.ZERO, Duration.ofHours(1));
        assertEquals(Duration.ofMillis(millis), read(setting, text));
    }

    @Test
    void refusesWhatIsNoTimeOrOutOfRange() {
        var setting = Setting.time("x", "", Duration.ofMillis(1), Duration.ofHours(1));
        assertRefused(setting, "-1", "'-1' is not a time such as 500ms, 15s, 10m or 2h");
        assertRefused(setting, "NaN", "'NaN' is not a time such as 500ms, 15s, 10m or 2h");
        assertRefused(setting, "10 d", "'10 d' is not a time such as 500ms, 15s, 10m or 2h");
        assertRefused(setting, "0", "0 is not from 1ms to 3600s");
        assertRefused(setting, "61m", "61m is not from 1ms to 3600s");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "4096,4096", "64KiB,65536", "1.5MiB,1572864", "2 GiB,2147483648", "1TiB,1099511627776"})
    void readsSizes(String text, long bytes) throws ConfigException {
        assertEquals(bytes, read(Setting.size("x", "", 0), text));
    }

    @Test
    void refusesWhatIsNoSize() {
        assertRefused(Setting.size("x", "", 1), "0", "0 is less than 1");
        assertRefused(Setting.size("x", "", 1), "1MB", "'1MB' is not a size such as 4096, 64KiB, 10MiB or 2GiB");
        assertRefused(Setting.size("x", "", 1), "99999999999TiB", "99999999999TiB is too large");
    }

    @Test
    void takesRelativePathsFromTheDirectoryOfTheFile() throws ConfigException {
        assertEquals(Path.of("/etc/blobs/images"), read(Setting.path("x", "DIR", ""), "images"));
        assertEquals(Path.of("/srv"), read(Setting.path("x", "DIR", ""), "/srv"));
        assertRefused(Setting.path("x", "DIR", ""), "", "is empty");
    }

    @Test
    void refusesUrlsOfOtherSchemes() throws ConfigException {
        var setting = Setting.url("x", "", "https", "http");
        assertEquals("host", read(setting, "HTTPS://host/").getHost());
        assertRefused(setting, "file:///etc", "'file:///etc' does not begin with https:// or http://");
    }

    @Test
    void refusesOtherWordsAndNumbers() throws ConfigException {
        assertRefused(Setting.choice("x", "", "a", "b"), "c", "'c' is not one of a, b");
        assertRefused(Setting.flag("x", ""), "yes", "'yes' is neither true nor false");
        assertRefused(Setting.count("x", "", 1, 9), "10", "10 is not from 1 to 9");
        assertRefused(Setting.count("x", "", 1, 9), "ten", "'ten' is not a number from 1 to 9");
        assertEquals(List.of("one"), read(Setting.texts("x", "T", ""), "one"));
        assertRefused(Setting.pairs("x", "NAME: VALUE", ""), "one", "must have lines of the form NAME: VALUE below it");
    }
}
