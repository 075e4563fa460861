// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlFileTest {

    @TempDir
    Path temporary;

    private Value.Mapping read(String text) throws IOException {
        return YamlFile.read(Files.writeString(temporary.resolve("c.yaml"), text));
    }

    @Test
    void keepsEveryScalarAsItWasWritten() throws IOException {
        assertEquals(
                "{\"a\":\"no\",\"b\":\"012\",\"c\":[\"1.50\", \"x\"],\"d\":{\"e\":\"~\",},}",
                read("a: no\nb: 012\nc: [1.50, 'x']\nd:\n  e: ~\n").canonical());
    }

    @Test
    void knowsTheLineOfEachValue() throws IOException {
        Value.Mapping mapping = read("# comment\na:\n  b: 1\n\n  c: 2\n");
        var inner = (Value.Mapping) mapping.entries().get("a");
        assertEquals(temporary.resolve("c.yaml") + ":2", inner.origin().toString());
        assertEquals(
                temporary.resolve("c.yaml") + ":5",
                inner.entries().get("c").origin().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: [1|1|is not YAML",
                "a: 1\\na: 2|2|'a' is there twice",
                "a: 1\\n b: 2|2|is not YAML",
                "a: &x [1]\\nb: *x|1|by an alias",
                "a: &x\\n  b: *x|1|by an alias",
                "- a|1|must consist of lines",
                "text|1|must consist of lines",
                "? [a]\\n: b|1|a name must be a plain text",
                "a: \"\u0001\"|1|is not YAML",
            })
    void namesTheLineOfWhatIsWrong(String textLinePart) {
        String[] parts = textLinePart.split("\\|", -1);
        String text = parts[0].replace("\\n", "\n");
        String part = parts[2];
        var refusal = assertThrows(ConfigException.class, () -> read(text));
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.startsWith(temporary.resolve("c.yaml") + ":"), message);
        assertTrue(message.contains(part), message);
        assertTrue(message.contains("c.yaml:" + parts[1] + ":"), message);
    }

    @Test
    void refusesWhatIsNoTextAndWhatIsNoFile() throws IOException {
        Path file = Files.write(temporary.resolve("binary"), "a: \u00e4".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(assertThrows(ConfigException.class, () -> YamlFile.read(file))
                .getMessage()
                .endsWith("is not UTF-8"));
        assertThrows(NoSuchFileException.class, () -> YamlFile.read(temporary.resolve("absent")));
    }

    @Test
    void aDeepFileIsRefusedNotAnOverflow() {
        assertThrows(ConfigException.class, () -> read("a: " + "[".repeat(100_000)));
    }
}
