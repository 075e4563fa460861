// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.kerneltests.matrix;

import org.jspecify.annotations.NullMarked;
