// SPDX-License-Identifier: Apache-2.0
/** What {@code benchmarks/kernel/run} runs on the real kernel: daemons, the run that compares them, and its report. */
@NullMarked
package dev.cachefiles.benchmarks.kernel;

import org.jspecify.annotations.NullMarked;
