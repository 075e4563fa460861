// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Workload RANDOM = new Workload("random", "random reads", "big", "random", 1, 0);

    private final List<Sample> samples = new ArrayList<>();

    @Test
    void aRatioIsTheMedianOfTheRoundsSinceTheMachineMayBeSlowInOne() {
        time("c", 1, 100);
        time("c", 2, 1000); // a slow round, for both
        time("c", 3, 100);
        time("java", 1, 50);
        time("java", 2, 500);
        time("java", 3, 25);
        assertEquals(2.0, report().speedup("java", "random", "c").orElseThrow());
    }

    @Test
    void thereIsNoRatioToWhatHasNotRunInTheSameRound() {
        time("c", 1, 100);
        time("java", 2, 50);
        assertTrue(report().speedup("java", "random", "c").isEmpty());
    }

    @Test
    void theMedianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
        assertEquals(2.5, Report.median(List.of(4.0, 1.0, 2.0, 3.0)));
        assertEquals(3.0, Report.median(List.of(9.0, 1.0, 3.0)));
        assertTrue(Double.isNaN(Report.median(List.of())));
    }

    @Test
    void theMissesAreTheSlowestReads() {
        var latencies = new Latencies(new long[] {900, 1, 700, 2, 800, 3});
        assertEquals(800, latencies.ofMisses(3, 0.5));
        assertEquals(900, latencies.ofMisses(3, 0.99));
        assertEquals(0, latencies.ofMisses(0, 0.99));
        assertEquals(900, latencies.ofMisses(100, 1.0)); // more READs than reads, as for metadata
        assertEquals(1, latencies.ofMisses(100, 0.01));
    }

    @Test
    void aPercentileOfAllReadsIsMostlyOneOfHits() {
        long[] nanos = new long[200];
        Arrays.fill(nanos, 5);
        nanos[50] = 900;
        nanos[60] = 800;
        assertEquals(5, new Latencies(nanos).ofReads(0.99));
        assertEquals(800, new Latencies(nanos).ofReads(0.995));
        assertEquals(0, new Latencies(new long[0]).ofReads(0.99));
    }

    @Test
    void tablesHaveARowForEachDaemonThatHasRun() {
        time("c", 1, 1_000_000);
        time("java", 1, 500_000);
        String text = report().text();
        assertTrue(text.contains("| java | 20000 | 81.9 | 2.00 |"), text);
        assertTrue(text.contains("| c | 10000 | 41.0 | 1.00 |"), text);
        assertTrue(text.contains("| 10 | 0.0 | 1 | 2 | 3 | 0.00 | 0 | 4.0 | 5.0 |"), text);
        assertFalse(text.contains("| limit |"), text);
    }

    @Test
    void theJsonHasEverySample() {
        time("c", 1, 7);
        String json = report().json();
        assertTrue(json.contains("\"machine\": \"a \\\"machine\\\"\""), json);
        assertTrue(json.contains("{\"daemon\": \"c\", \"workload\": \"random\", \"round\": 1, \"reads\": 10,"), json);
    }

    private void time(String contestant, int round, long nanos) {
        samples.add(new Sample(
                contestant, "random", round, 10, 40_960, nanos, 10, 40_960, 5, 1_000, 2_000, 3_000, 4 << 20, 5 << 20));
    }

    private Report report() {
        List<Contestant> contestants = List.of(
                new Contestant("c", List.of(), false),
                new Contestant("java", List.of(), false),
                new Contestant("limit", List.of(), true));
        return new Report("a \"machine\"", contestants, List.of(RANDOM), samples);
    }
}
