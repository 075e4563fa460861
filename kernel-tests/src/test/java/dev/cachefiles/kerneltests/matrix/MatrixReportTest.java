// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

class MatrixReportTest {

    @Tag("example")
    static class Some {
        @Test
        @Row({3, 4})
        void passes() {}

        @Test
        @Row(4)
        void fails() {
            fail("broken\nin many words");
        }

        @Test
        @Row({3, 5})
        void is_skipped() {
            abort("no such disk here");
        }

        @ParameterizedTest
        @Row(6)
        @ValueSource(ints = {1, 2, 3})
        void fails_once(int number) {
            assertTrue(number != 2, "2 is not liked");
        }

        @Test
        void belongs_to_no_row() {}
    }

    @Tag("example")
    static class Unready {
        @BeforeAll
        static void prepare() {
            fail("no image");
        }

        @Test
        @Row(7)
        void never_starts() {}
    }

    @Test
    void a_row_is_kept_if_one_test_passes_and_none_fails() {
        List<String> lines = report(true);
        assertEquals(
                List.of(
                        "matrix 9.9",
                        "  3  command with NUL, > 4095 bytes, leading blank, unknown verb: kept",
                        "       MatrixReportTest$Some.is_skipped SKIPPED: no such disk here",
                        "       MatrixReportTest$Some.passes passed",
                        "  4  dir twice, tag twice, empty values: FAILED",
                        "       MatrixReportTest$Some.fails FAILED: broken",
                        "       MatrixReportTest$Some.passes passed",
                        "  5  limits out of order, % missing, 100%: not run: no such disk here",
                        "       MatrixReportTest$Some.is_skipped SKIPPED: no such disk here",
                        "  6  bind to missing dir, file, tmpfs, proc: FAILED",
                        "       MatrixReportTest$Some.fails_once FAILED: 2 is not liked ==> expected: <true> but was: <false>",
                        "  7  bind twice; bind with trailing blank: FAILED",
                        "       MatrixReportTest$Unready.never_starts FAILED: no image",
                        "matrix 9.9: 1 of 5 rows kept"),
                lines);
    }

    @Test
    void an_unfiltered_run_lists_every_row() {
        List<String> lines = report(false);
        assertTrue(lines.contains("  8  read buffer too small: not run: no test carries it"), String.join("\n", lines));
        assertEquals("matrix 9.9: 1 of 65 rows kept", lines.getLast());
    }

    @Test
    void rows_are_numbered_from_1_to_65() {
        assertEquals(
                IntStream.rangeClosed(1, 65).boxed().toList(),
                MatrixRow.all().stream().map(MatrixRow::number).toList());
    }

    private static List<String> report(boolean filtered) {
        var report = new MatrixReport("9.9", filtered);
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(List.of(Some.class, Unready.class).stream()
                                        .map(DiscoverySelectors::selectClass)
                                        .toList())
                                .build(),
                        report);
        return report.text().lines().toList();
    }
}
