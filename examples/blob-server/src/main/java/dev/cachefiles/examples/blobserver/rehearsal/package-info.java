// SPDX-License-Identifier: Apache-2.0
/**
 * What the build runs to learn what a daemon loads from its start to its first READs, so that the archive from which it
 * starts has that. Not part of the daemon.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.rehearsal;

import org.jspecify.annotations.NullMarked;
