// SPDX-License-Identifier: Apache-2.0
/**
 * Settings as such: their names, their help, how they are read from text, and everything that can be wrong with them.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.settings;

import org.jspecify.annotations.NullMarked;
