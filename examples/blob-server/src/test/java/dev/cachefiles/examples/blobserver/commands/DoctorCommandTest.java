// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.probe.Finding;
import dev.cachefiles.probe.Finding.Severity;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.probe.ProbeReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DoctorCommandTest {
    private static final Finding GOOD = new Finding(Severity.OK, Topic.KERNEL, "Linux 6.12", "");
    private static final Finding SOSO = new Finding(Severity.WARNING, Topic.OPEN_FILES, "few", "ulimit");
    private static final Finding BAD = new Finding(Severity.ERROR, Topic.DEVICE, "not there", "modprobe cachefiles");

    private final StringWriter printed = new StringWriter();

    private int run(List<Finding> findings, String... args) {
        return new CommandLine(new DoctorCommand(options -> new ProbeReport(findings)))
                .setOut(new PrintWriter(printed))
                .setErr(new PrintWriter(printed))
                .execute(args);
    }

    @Test
    void tells_each_finding_with_its_cure() {
        run(List.of(GOOD, BAD), "--cache-dir", "/c");
        assertEquals("""
                ok       kernel       Linux 6.12
                error    device       not there
                                      -> modprobe cachefiles
                """, printed.toString());
    }

    @Test
    void the_exit_status_is_that_of_the_worst() {
        assertEquals(0, run(List.of(GOOD), "--cache-dir", "/c"));
        assertEquals(0, run(List.of(GOOD, SOSO), "--cache-dir", "/c"));
        assertEquals(1, run(List.of(GOOD, BAD, SOSO), "--cache-dir", "/c"));
        assertEquals(2, run(List.of(GOOD)));
        assertEquals(2, run(List.of(GOOD), "--cache-dir", "/c", "--tag", " "));
        assertTrue(printed.toString().contains("--cache-dir"), printed.toString());
    }
}
