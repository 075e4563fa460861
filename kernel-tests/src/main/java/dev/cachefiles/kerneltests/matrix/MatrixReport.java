// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.matrix;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Collects what came of the tests that carry a {@link Row}.
 *
 * <p>A row is kept if at least one of its tests has passed and none has failed.
 */
public final class MatrixReport implements TestExecutionListener {
    private final String kernel;
    private final boolean filtered;

    /** By row and test. */
    private final Map<Integer, Map<String, List<Outcome>>> rows = new TreeMap<>();

    private TestPlan plan;

    private enum Verdict {
        PASSED,
        SKIPPED,
        FAILED
    }

    private record Outcome(Verdict verdict, String reason) {}

    /**
     * Starts a report.
     *
     * @param kernel   whose report it is
     * @param filtered whether only some tests are run, so that rows without any are of no interest
     */
    public MatrixReport(String kernel, boolean filtered) {
        this.kernel = kernel;
        this.filtered = filtered;
    }

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
        plan = started;
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        addBelow(test, new Outcome(Verdict.SKIPPED, reason));
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        String reason = result.getThrowable().map(Throwable::getMessage).orElse("");
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    add(test, new Outcome(Verdict.PASSED, ""));
                }
            }
            case ABORTED -> addBelow(test, new Outcome(Verdict.SKIPPED, reason));
            case FAILED -> addBelow(test, new Outcome(Verdict.FAILED, reason));
        }
    }

    /** Of the tests of a class that does not get so far, nothing else is heard. */
    private void addBelow(TestIdentifier test, Outcome outcome) {
        add(test, outcome);
        plan.getChildren(test).forEach(child -> addBelow(child, outcome));
    }

    private synchronized void add(TestIdentifier test, Outcome outcome) {
        for (int row : rowsOf(test)) {
            rows.computeIfAbsent(row, key -> new TreeMap<>())
                    .computeIfAbsent(name(test), key -> new ArrayList<>())
                    .add(outcome);
        }
    }

    private static int[] rowsOf(TestIdentifier test) {
        return method(test)
                .map(source -> source.getJavaMethod().getAnnotation(Row.class))
                .map(Row::value)
                .orElse(new int[0]);
    }

    private static String name(TestIdentifier test) {
        return method(test)
                .map(source -> {
                    String type = source.getClassName();
                    return type.substring(type.lastIndexOf('.') + 1) + "." + source.getMethodName();
                })
                .orElseThrow();
    }

    private static Optional<MethodSource> method(TestIdentifier test) {
        return test.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast);
    }

    /**
     * Writes the matrix.
     *
     * @return lines of text, the last of which is the total
     */
    public synchronized String text() {
        var text = new StringBuilder("matrix " + kernel + "\n");
        int listed = 0;
        int kept = 0;
        for (MatrixRow row : MatrixRow.all()) {
            Map<String, List<Outcome>> tests = rows.getOrDefault(row.number(), Map.of());
            if (filtered && tests.isEmpty()) {
                continue;
            }
            String outcome = outcome(row, tests);
            listed++;
            kept += outcome.equals("kept") ? 1 : 0;
            text.append("%3d  %s: %s%n".formatted(row.number(), row.name(), outcome));
            tests.forEach((test, outcomes) -> text.append("       %s%s%n".formatted(test, remark(outcomes))));
        }
        return text.append("matrix %s: %d of %d rows kept%n".formatted(kernel, kept, listed))
                .toString();
    }

    private static String outcome(MatrixRow row, Map<String, List<Outcome>> tests) {
        List<Outcome> all = tests.values().stream().flatMap(List::stream).toList();
        boolean failed = all.stream().anyMatch(outcome -> outcome.verdict == Verdict.FAILED);
        boolean passed = all.stream().anyMatch(outcome -> outcome.verdict == Verdict.PASSED);
        if (failed) {
            return "FAILED";
        }
        if (passed) {
            return "kept";
        }
        return "not run: "
                + row.obstacle()
                        .or(() -> all.stream().map(Outcome::reason).findFirst())
                        .orElse("no test carries it");
    }

    private static String remark(List<Outcome> outcomes) {
        for (Verdict verdict : List.of(Verdict.FAILED, Verdict.SKIPPED)) {
            Optional<Outcome> found = outcomes.stream()
                    .filter(outcome -> outcome.verdict == verdict)
                    .findFirst();
            if (found.isPresent()) {
                String reason = found.get().reason.lines().findFirst().orElse("");
                return " " + verdict + (reason.isEmpty() ? "" : ": " + reason);
            }
        }
        return " passed";
    }
}
