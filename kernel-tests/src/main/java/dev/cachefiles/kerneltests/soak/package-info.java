// SPDX-License-Identifier: Apache-2.0
/**
 * A long run with faults at random: a daemon whose handler goes wrong in all ways, and a process beside it that mounts,
 * reads, compares, is killed and unmounts.
 */
@NullMarked
package dev.cachefiles.kerneltests.soak;

import org.jspecify.annotations.NullMarked;
