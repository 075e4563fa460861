// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** Makes tables, for people and for programs, of what was measured. */
final class Report {
    /** The workload that is no workload: from the start of the process until it is ready. */
    static final String START = "start";

    private static final double MICROS = 1e3;
    private static final double MIB = 1 << 20;

    private final String machine;
    private final List<Contestant> contestants;
    private final List<Workload> workloads;
    private final List<Sample> samples;

    Report(String machine, List<Contestant> contestants, List<Workload> workloads, List<Sample> samples) {
        this.machine = machine;
        this.contestants = contestants;
        this.workloads = workloads;
        this.samples = List.copyOf(samples);
    }

    /** The middle one, or the mean of the two in the middle; not a number if there is none. */
    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int size = sorted.size();
        if (size == 0) {
            return Double.NaN;
        }
        return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
    }

    /** How many times as fast as another daemon in the same round: the median over the rounds that both have run. */
    OptionalDouble speedup(String contestant, String workload, String than) {
        var ratios = new ArrayList<Double>();
        for (Sample sample : of(contestant, workload)) {
            for (Sample other : of(than, workload)) {
                if (other.round() == sample.round()) {
                    ratios.add((double) other.elapsedNanos() / sample.elapsedNanos());
                }
            }
        }
        return ratios.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(median(ratios));
    }

    private List<Sample> of(String contestant, String workload) {
        return samples.stream()
                .filter(s -> s.contestant().equals(contestant) && s.workload().equals(workload))
                .toList();
    }

    private double median(String contestant, String workload, ToDoubleFunction<Sample> value) {
        return median(
                of(contestant, workload).stream().map(value::applyAsDouble).toList());
    }

    /** (largest - smallest) / median of the time, in percent. */
    private double spread(String contestant, String workload) {
        var times = of(contestant, workload).stream()
                .mapToLong(Sample::elapsedNanos)
                .summaryStatistics();
        return 100.0 * (times.getMax() - times.getMin()) / median(contestant, workload, Sample::elapsedNanos);
    }

    /** All tables, in Markdown. */
    String text() {
        var text = new StringBuilder(machine).append('\n');
        start(text);
        for (Workload workload : workloads) {
            table(text, workload);
        }
        return text.toString();
    }

    private void start(StringBuilder text) {
        text.append("""

                ### start: from exec to ready

                | daemon | ms | spread | CPU ms | RSS MiB | RssAnon MiB |
                | --- | ---: | ---: | ---: | ---: | ---: |
                """);
        for (Contestant contestant : contestants) {
            String name = contestant.name();
            if (!contestant.limit() && !of(name, START).isEmpty()) {
                row(
                        text,
                        "| %s | %.0f | %.0f%% | %.0f | %.1f | %.1f |%n",
                        name,
                        median(name, START, Sample::elapsedNanos) / 1e6,
                        spread(name, START),
                        median(name, START, Sample::cpuNanos) / 1e6,
                        median(name, START, Sample::peakRss) / MIB,
                        median(name, START, Sample::rssAnon) / MIB);
            }
        }
    }

    private void table(StringBuilder text, Workload workload) {
        row(text, """

                ### %s: %s

                | daemon | reads/s | MB/s | x plain C | x limit | spread | READs | MiB fetched | miss p50 µs | p99 µs | read p99 µs |\
                 CPU s | CPU µs/READ | peak RSS MiB | RssAnon MiB |
                | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
                """, workload.name(), workload.title());
        for (Contestant contestant : contestants) {
            if (!of(contestant.name(), workload.name()).isEmpty()) {
                row(text, contestant, workload.name());
            }
        }
    }

    private void row(StringBuilder text, Contestant contestant, String workload) {
        String name = contestant.name();
        double perSecond = median(name, workload, s -> s.reads() * 1e9 / s.elapsedNanos());
        double megabytes = median(name, workload, s -> s.bytes() * 1e3 / s.elapsedNanos());
        row(
                text,
                "| %s | %.0f | %.1f | %s | %s | %.0f%% ",
                name,
                perSecond,
                megabytes,
                ratio(speedup(name, workload, Contestant.REFERENCE)),
                ratio(speedup(name, workload, Contestant.LIMIT)),
                spread(name, workload));
        if (contestant.limit()) {
            text.append("| | | | | | | | | |\n"); // those are of the daemon that had filled the cache before
            return;
        }
        double requests = median(name, workload, Sample::requests);
        double cpu = median(name, workload, Sample::cpuNanos);
        row(
                text,
                "| %.0f | %.1f | %.0f | %.0f | %.0f | %.2f | %.0f | %.1f | %.1f |%n",
                requests,
                median(name, workload, Sample::fetchedBytes) / MIB,
                median(name, workload, Sample::missP50Nanos) / MICROS,
                median(name, workload, Sample::missP99Nanos) / MICROS,
                median(name, workload, Sample::readP99Nanos) / MICROS,
                cpu / 1e9,
                requests == 0 ? 0 : cpu / requests / MICROS,
                median(name, workload, Sample::peakRss) / MIB,
                median(name, workload, Sample::rssAnon) / MIB);
    }

    private static String ratio(OptionalDouble ratio) {
        return ratio.isPresent() ? String.format(Locale.ROOT, "%.2f", ratio.getAsDouble()) : "";
    }

    private static void row(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format.replace("%n", "\n"), values));
    }

    /** All samples as they are: {@code {"machine": ..., "samples": [{...}, ...]}}. */
    String json() {
        var text = new StringBuilder("{\n\"machine\": ").append(quote(machine)).append(",\n\"samples\": [");
        String separator = "\n";
        for (Sample sample : samples) {
            row(
                    text,
                    "%s{\"daemon\": %s, \"workload\": %s, \"round\": %d, \"reads\": %d, \"bytes\": %d,"
                            + " \"elapsedNanos\": %d, \"requests\": %d, \"fetchedBytes\": %d, \"cpuNanos\": %d,"
                            + " \"missP50Nanos\": %d, \"missP99Nanos\": %d, \"readP99Nanos\": %d, \"peakRss\": %d, \"rssAnon\": %d}",
                    separator,
                    quote(sample.contestant()),
                    quote(sample.workload()),
                    sample.round(),
                    sample.reads(),
                    sample.bytes(),
                    sample.elapsedNanos(),
                    sample.requests(),
                    sample.fetchedBytes(),
                    sample.cpuNanos(),
                    sample.missP50Nanos(),
                    sample.missP99Nanos(),
                    sample.readP99Nanos(),
                    sample.peakRss(),
                    sample.rssAnon());
            separator = ",\n";
        }
        return text.append("\n]\n}\n").toString();
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
