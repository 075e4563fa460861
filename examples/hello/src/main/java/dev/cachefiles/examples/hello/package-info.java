// SPDX-License-Identifier: Apache-2.0
/** The smallest daemon that is worth running: a whole one in one file, to start from; and a source of one's own, in layers. */
@NullMarked
package dev.cachefiles.examples.hello;

import org.jspecify.annotations.NullMarked;
