// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.examples.blobserver.http;

import org.jspecify.annotations.NullMarked;
