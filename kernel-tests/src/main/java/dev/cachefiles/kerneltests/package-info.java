// SPDX-License-Identifier: Apache-2.0
/** Runs the suite inside a virtual machine; see {@code kernel-tests/run}. */
@NullMarked
package dev.cachefiles.kerneltests;

import org.jspecify.annotations.NullMarked;
