// SPDX-License-Identifier: Apache-2.0
/** The fault matrix: which test keeps which row, and what came of it on a kernel. */
@NullMarked
package dev.cachefiles.kerneltests.matrix;

import org.jspecify.annotations.NullMarked;
