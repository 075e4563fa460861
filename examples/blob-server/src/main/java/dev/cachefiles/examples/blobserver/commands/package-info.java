// SPDX-License-Identifier: Apache-2.0
/** The commands: a class for each, and what they share. They parse and print; the work is done elsewhere. */
@NullMarked
package dev.cachefiles.examples.blobserver.commands;

import org.jspecify.annotations.NullMarked;
