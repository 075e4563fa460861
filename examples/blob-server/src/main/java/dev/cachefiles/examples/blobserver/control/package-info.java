// SPDX-License-Identifier: Apache-2.0
/**
 * How other commands talk to the daemon: lines of text over a Unix domain socket in a directory that only its user may
 * enter.
 *
 * <p>A client sends one line: the name of a command and its arguments, separated by blanks, each percent-encoded. The
 * daemon answers with lines {@code say TEXT} and {@code progress DONE TOTAL NAME}, any number of them, then with one
 * line {@code ok} or {@code error TEXT}, and closes the connection.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.control;

import org.jspecify.annotations.NullMarked;
