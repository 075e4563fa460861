// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import dev.cachefiles.kerneltests.contract.KernelExtension;
import dev.cachefiles.kerneltests.matrix.MatrixReport;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests and prints a line for each: {@code --kernel NAME [--test PATTERN] --results DIRECTORY}. A test runs if
 * the pattern, a regular expression, is found in its class and method name.
 */
public final class SuiteMain {

    private SuiteMain() {}

    /**
     * Runs the suite; exits with 0 if all tests that ran have passed, else with 1.
     *
     * @param args the options
     * @throws IOException if the results cannot be written
     */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = options(args);
        String kernel = options.getOrDefault("--kernel", "?");
        String pattern = options.getOrDefault("--test", "");
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(
                        selectPackage("dev.cachefiles.kerneltests.suite"),
                        selectPackage("dev.cachefiles.kerneltests.contract"))
                .filters(includeClassNamePatterns(".*Test"))
                .filters(new NameFilter(pattern))
                .configurationParameter(KernelExtension.KERNEL, "real")
                .configurationParameter("junit.jupiter.execution.timeout.default", "10 m")
                .configurationParameter("junit.jupiter.execution.timeout.threaddump.enabled", "true")
                .build();
        PrintStream out = System.out;
        var printer = new ResultPrinter(kernel, out);
        var matrix = new MatrixReport(kernel, !pattern.isEmpty());
        LauncherFactory.create().execute(request, printer, matrix);
        out.println(printer.summary());
        out.flush();
        Path results = Path.of(options.getOrDefault("--results", "."));
        Files.createDirectories(results);
        Files.writeString(results.resolve("matrix"), matrix.text());
        Files.writeString(results.resolve("summary"), printer.summary() + "\n");
        // Not a return: a thread that a failed test has left behind must not keep the machine.
        System.exit(printer.failed() == 0 ? 0 : 1);
    }

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        return options;
    }
}
