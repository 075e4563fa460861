// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs each benchmark once, for an instant: what does not run would be noticed only by those who need it. */
class EachBenchmarkRunsTest {
    private static final Set<Class<?>> CLASSES = Set.of(
            CommandBenchmark.class,
            DecodeBenchmark.class,
            FakeKernelBenchmark.class,
            ReadPathBenchmark.class,
            SystemCallBenchmark.class);

    @Test
    @Timeout(300)
    void withEachOfItsParameters() throws RunnerException {
        var options = new OptionsBuilder()
                .include("dev\\.cachefiles\\.benchmarks\\.")
                .mode(Mode.SingleShotTime)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .timeout(TimeValue.seconds(30))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        Set<String> run = new Runner(options)
                .run().stream()
                        .map(result -> result.getParams().getBenchmark())
                        .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(benchmarks(), run);
        assertTrue(run.size() >= 10, run.toString());
    }

    private static Set<String> benchmarks() {
        return CLASSES.stream()
                .flatMap(c -> Stream.of(c.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .map(method -> method.getDeclaringClass().getName() + "." + method.getName())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
