// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The daemon that the README shows is this one. */
class ReadmeTest {
    private static final Path SOURCE = Path.of("src/main/java/dev/cachefiles/examples/hello/Hello.java");
    private static final Path README = Path.of("../../README.md");

    @Test
    void the_readme_shows_the_daemon_as_it_is() throws Exception {
        String source = Files.readString(SOURCE);
        String readme = Files.readString(README);
        String shown = readme.substring(
                readme.indexOf("<!-- hello -->\n```java\n") + "<!-- hello -->\n```java\n".length(),
                readme.indexOf("```\n<!-- /hello -->"));
        assertEquals(source.substring(source.indexOf("/** Serves")), shown);
    }

    @Test
    void the_whole_daemon_has_fewer_than_sixty_lines() throws Exception {
        int lines = Files.readAllLines(SOURCE).size();
        assertTrue(lines < 60, "lines: " + lines);
    }
}
