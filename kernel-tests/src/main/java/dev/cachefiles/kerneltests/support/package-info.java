// SPDX-License-Identifier: Apache-2.0
/** What the tests stand on: images, mounts, daemons, commands. */
@NullMarked
package dev.cachefiles.kerneltests.support;

import org.jspecify.annotations.NullMarked;
