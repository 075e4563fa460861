// SPDX-License-Identifier: Apache-2.0
/** JMH benchmarks: {@code java -jar benchmarks/target/benchmarks.jar}. */
@NullMarked
package dev.cachefiles.benchmarks;

import org.jspecify.annotations.NullMarked;
