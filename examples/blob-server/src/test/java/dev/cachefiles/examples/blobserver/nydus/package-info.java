// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.examples.blobserver.nydus;

import org.jspecify.annotations.NullMarked;
