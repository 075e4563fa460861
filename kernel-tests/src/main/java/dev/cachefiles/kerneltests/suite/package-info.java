// SPDX-License-Identifier: Apache-2.0
/** The tests, all of which need root, {@code /dev/cachefiles} and an empty {@code /cache}. */
@NullMarked
package dev.cachefiles.kerneltests.suite;

import org.jspecify.annotations.NullMarked;
