// SPDX-License-Identifier: Apache-2.0
/**
 * The demonstration: mounts an image whose bytes are not there yet, reads all of it twice, and verifies every file.
 *
 * <p>{@link dev.cachefiles.examples.demo.Demo} is the command behind the script {@code demo}.
 */
@NullMarked
package dev.cachefiles.examples.demo;

import org.jspecify.annotations.NullMarked;
