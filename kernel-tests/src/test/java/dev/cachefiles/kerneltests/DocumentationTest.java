// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documentation says to be proven has its test. */
class DocumentationTest {
    private static final Path TOP = Path.of("").toAbsolutePath().getParent();
    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*(?:Test|Properties))(?:\\.(\\w+))?`");

    private static Map<String, String> sources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        try (Stream<Path> files = Files.walk(TOP)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> path.toString().contains("/src/"))
                    .toList()) {
                String name = file.getFileName().toString().replace(".java", "");
                if (name.endsWith("Test") || name.endsWith("Properties")) {
                    sources.merge(name, Files.readString(file), String::concat);
                }
            }
        }
        return sources;
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.list(TOP.resolve("docs"))) {
            return Stream.concat(
                            Stream.of(TOP.resolve("README.md")),
                            docs.filter(page -> page.toString().endsWith(".md")))
                    .toList();
        }
    }

    @Test
    void every_test_that_is_named_exists() throws IOException {
        Map<String, String> sources = sources();
        List<String> missing = new ArrayList<>();
        int found = 0;
        for (Path page : pages()) {
            Matcher named = TEST.matcher(Files.readString(page));
            while (named.find()) {
                String source = sources.getOrDefault(named.group(1), "");
                boolean there = !source.isEmpty()
                        && (named.group(2) == null || source.contains("void " + named.group(2) + "("));
                if (there) {
                    found++;
                } else {
                    missing.add(TOP.relativize(page) + ": " + named.group());
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(found > 50, "only " + found + " tests are named");
    }
}
