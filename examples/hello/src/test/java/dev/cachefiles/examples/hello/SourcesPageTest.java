// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the page on sources shows is what is compiled and tested here. */
class SourcesPageTest {
    private static final Path SOURCES = Path.of("src/main/java/dev/cachefiles/examples/hello");
    private static final Path PAGE = Path.of("../../docs/SOURCES.md");

    private static String shown(String name) throws IOException {
        return between(Files.readString(PAGE), "<!-- " + name + " -->\n```java\n", "```\n<!-- /" + name + " -->");
    }

    private static String between(String text, String before, String after) {
        int start = text.indexOf(before) + before.length();
        return text.substring(start, text.indexOf(after, start));
    }

    @Test
    void the_page_shows_the_source_as_it_is() throws IOException {
        String source = Files.readString(SOURCES.resolve("WebSource.java"));
        assertEquals(source.substring(source.indexOf("/** A blob")), shown("source"));
    }

    @Test
    void the_source_has_as_few_lines_as_the_page_says() throws IOException {
        long lines = shown("source").lines().filter(line -> !line.isBlank()).count();
        assertTrue(lines < 40, "lines: " + lines);
        assertTrue(Files.readString(PAGE).contains("[" + lines + " lines]"));
    }

    @Test
    void the_page_shows_how_to_try_one_as_it_is_done() throws IOException {
        String all = Files.readString(Path.of("src/test/java/dev/cachefiles/examples/hello/ZipSourceTest.java"));
        assertEquals(between(all, "// [try]\n", "\n            // [/try]\n").stripIndent() + "\n", shown("try"));
    }

    @Test
    void the_page_shows_the_stack_as_it_is() throws IOException {
        String all = Files.readString(SOURCES.resolve("WebHello.java"));
        assertEquals(between(all, "    // [stack]\n", "\n    // [/stack]\n").stripIndent() + "\n", shown("stack"));
    }
}
