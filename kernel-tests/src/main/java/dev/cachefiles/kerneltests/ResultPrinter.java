// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests;

import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/** Prints a line per test, with the stack of a failure, and counts. */
final class ResultPrinter implements TestExecutionListener {
    private final String kernel;
    private final PrintStream out;
    private final Map<String, Long> started = new ConcurrentHashMap<>();
    private int passed;
    private int failed;
    private int skipped;

    ResultPrinter(String kernel, PrintStream out) {
        this.kernel = kernel;
        this.out = out;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
        line("SKIP", test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        boolean successful = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
        if (!test.isTest() && successful) {
            return;
        }
        Throwable failure = result.getThrowable().orElse(null);
        if (successful) {
            passed++;
            line("PASS", test, null);
        } else if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            skipped++;
            line("SKIP", test, failure == null ? null : failure.getMessage());
        } else {
            failed++;
            line("FAIL", test, null);
            if (failure != null) {
                failure.printStackTrace(out);
            }
        }
        out.flush();
    }

    private void line(String outcome, TestIdentifier test, @Nullable String reason) {
        long millis = (System.nanoTime() - started.getOrDefault(test.getUniqueId(), System.nanoTime())) / 1_000_000;
        String name = test.getSource()
                .filter(MethodSource.class::isInstance)
                .map(source -> name((MethodSource) source))
                .orElseGet(test::getDisplayName);
        boolean invocation = test.getUniqueId().contains("invocation");
        out.printf(
                "%s %s %s%s (%d ms)%s%n",
                outcome,
                kernel,
                name,
                invocation ? " " + test.getDisplayName() : "",
                millis,
                reason == null ? "" : ": " + reason);
    }

    static String name(MethodSource source) {
        String type = source.getClassName();
        return type.substring(type.lastIndexOf('.') + 1) + "." + source.getMethodName();
    }

    int failed() {
        return failed;
    }

    String summary() {
        return kernel + ": " + passed + " passed, " + failed + " failed, " + skipped + " skipped";
    }
}
