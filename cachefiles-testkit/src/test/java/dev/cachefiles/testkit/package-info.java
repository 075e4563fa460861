// SPDX-License-Identifier: Apache-2.0
/** Tests of the fake kernel, and of the engine above it. */
@NullMarked
package dev.cachefiles.testkit;

import org.jspecify.annotations.NullMarked;
