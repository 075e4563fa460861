// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * What has happened in a {@link FakeKernel} since it was made; a snapshot.
 *
 * @param opens            OPEN requests sent, re-OPENs included
 * @param reads            READ requests sent
 * @param closes           CLOSE requests sent
 * @param deviceReads      calls of read on the device
 * @param emptyDeviceReads those of them that found no message
 * @param deviceWaits      calls of await on the device
 * @param writes           calls of pwrite
 * @param misalignedWrites those of them whose memory, length or offset did not fit direct I/O
 * @param bytesWritten     bytes that went into cache files
 * @param refusedAnswers   answers that no request was waiting for: copen or READ_COMPLETE with {@code EINVAL}
 */
public record KernelCounters(
        long opens,
        long reads,
        long closes,
        long deviceReads,
        long emptyDeviceReads,
        long deviceWaits,
        long writes,
        long misalignedWrites,
        long bytesWritten,
        long refusedAnswers) {}
