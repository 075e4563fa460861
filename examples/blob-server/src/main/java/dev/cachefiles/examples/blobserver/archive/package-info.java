// SPDX-License-Identifier: Apache-2.0
/** Copies of a cache that another machine can use. */
@NullMarked
package dev.cachefiles.examples.blobserver.archive;

import org.jspecify.annotations.NullMarked;
