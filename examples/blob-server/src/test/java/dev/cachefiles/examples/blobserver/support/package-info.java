// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.examples.blobserver.support;

import org.jspecify.annotations.NullMarked;
