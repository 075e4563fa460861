// SPDX-License-Identifier: Apache-2.0
/** Small things that all parts use: words for failures, the mount table, log lines. */
@NullMarked
package dev.cachefiles.examples.blobserver.support;

import org.jspecify.annotations.NullMarked;
