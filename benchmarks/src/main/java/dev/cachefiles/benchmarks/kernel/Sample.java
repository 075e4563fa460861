// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

/**
 * What was measured once.
 *
 * @param contestant   the daemon's name
 * @param workload     the workload's name
 * @param round        the round, from 1
 * @param reads        how often the readers have read, 4 KiB each (sequentially: 128 KiB; of a tree: whole files)
 * @param bytes        bytes that they have got, all of which were compared with the original's
 * @param elapsedNanos how long that took
 * @param requests     READs that the kernel has sent to the daemon
 * @param fetchedBytes bytes that came into the cache
 * @param cpuNanos     processor time of the daemon, also after the end of the reads until it was quiet
 * @param missP50Nanos median of the reads that were misses; 0 if not measured
 * @param missP99Nanos 99th percentile of these
 * @param readP99Nanos 99th percentile of all reads, hits and misses
 * @param peakRss      most memory of the daemon up to now, in bytes, with the pages that it shares with others
 * @param rssAnon      memory that is the daemon's own, in bytes, at the end
 */
record Sample(
        String contestant,
        String workload,
        int round,
        long reads,
        long bytes,
        long elapsedNanos,
        long requests,
        long fetchedBytes,
        long cpuNanos,
        long missP50Nanos,
        long missP99Nanos,
        long readP99Nanos,
        long peakRss,
        long rssAnon) {}
