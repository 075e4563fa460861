// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Severity;
import java.util.Comparator;
import java.util.List;

/**
 * What a probe has found.
 *
 * @param findings all that was looked at, by topic
 */
public record ProbeReport(List<Finding> findings) {

    /** Keeps a copy. */
    public ProbeReport {
        findings = List.copyOf(findings);
    }

    /**
     * Gives the worst that was found.
     *
     * @return the severity; {@link Severity#ERROR} if a cache cannot be set up
     */
    public Severity worst() {
        return findings.stream()
                .map(Finding::severity)
                .max(Comparator.naturalOrder())
                .orElse(Severity.OK);
    }

    /**
     * Gives the findings of a severity.
     *
     * @param severity the severity
     * @return the findings
     */
    public List<Finding> of(Severity severity) {
        return findings.stream()
                .filter(finding -> finding.severity() == severity)
                .toList();
    }
}
