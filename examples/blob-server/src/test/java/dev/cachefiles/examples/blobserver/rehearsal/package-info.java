// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.examples.blobserver.rehearsal;

import org.jspecify.annotations.NullMarked;
