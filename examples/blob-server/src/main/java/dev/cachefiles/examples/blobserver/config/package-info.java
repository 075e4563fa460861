// SPDX-License-Identifier: Apache-2.0
/**
 * What the daemon is told to do: the sections {@code cache}, {@code server} and {@code sources}, from a file, from the
 * command line, or from both.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.config;

import org.jspecify.annotations.NullMarked;
