// SPDX-License-Identifier: Apache-2.0
/** {@code /dev/cachefiles} of a running Linux kernel. */
@NullMarked
package dev.cachefiles.ffm;

import org.jspecify.annotations.NullMarked;
