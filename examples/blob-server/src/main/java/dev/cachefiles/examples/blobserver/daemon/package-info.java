// SPDX-License-Identifier: Apache-2.0
/** The daemon that serves: its life from start to stop, the routes from names to sources, counts. */
@NullMarked
package dev.cachefiles.examples.blobserver.daemon;

import org.jspecify.annotations.NullMarked;
