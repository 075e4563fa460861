// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.benchmarks;

import org.jspecify.annotations.NullMarked;
