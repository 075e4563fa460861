// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class PullProgressTest {
    private final StringWriter text = new StringWriter();

    private long now;

    private String show(boolean terminal) {
        try (var progress = new PullProgress(new PrintWriter(text), terminal, () -> now)) {
            for (int i = 0; i <= 40; i++) {
                now += 400_000_000;
                progress.progress(i << 20, 40 << 20, "one");
            }
            progress.say("one: done");
            progress.progress(0, 0, "empty");
        }
        return text.toString();
    }

    @Test
    void aFileGetsALineForEachTenth() {
        assertEquals(13, show(false).lines().count());
        assertEquals("one: 0% of 40.0 MiB", text.toString().lines().findFirst().orElseThrow());
        assertEquals(
                "one: 10% of 40.0 MiB, 2.5 MiB/s",
                text.toString().lines().toList().get(1));
        assertEquals("empty: 100% of 0.0 MiB", text.toString().lines().toList().getLast());
    }

    @Test
    void aTerminalGetsABar() {
        String shown = show(true);
        assertEquals(
                3,
                shown.lines()
                        .filter(line -> !line.isEmpty())
                        .mapToInt(line -> line.endsWith("done") || line.contains("100%") ? 1 : 0)
                        .sum());
        assertEquals(
                "\rone [" + "#".repeat(30) + "] 100% of 40.0 MiB, 2.5 MiB/s  \none: done\n",
                shown.substring(shown.lastIndexOf("\rone"), shown.lastIndexOf("\rempty")));
    }

    @Test
    void aTerminalSeesThatABlobStandsStill() {
        try (var progress = new PullProgress(new PrintWriter(text), true, () -> now)) {
            for (int i = 0; i < 9; i++) {
                progress.progress(1 << 20, 1 << 30, "one");
                now += 1_000_000_000;
            }
        }
        assertEquals(9, text.toString().split("\r", -1).length - 1);
        assertTrue(text.toString().endsWith(", 0.0 MiB/s  " + System.lineSeparator()), text.toString());
    }
}
