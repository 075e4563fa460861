// SPDX-License-Identifier: Apache-2.0
/**
 * The seam between the engine and what makes the system calls.
 *
 * <p>Not for authors of handlers. Two providers exist: the module {@code dev.cachefiles.ffm} talks to Linux, the module
 * {@code dev.cachefiles.testkit} holds a kernel made of Java objects.
 *
 * <p>Methods follow one convention: a result that is not negative is the system call's own, a negative one is the
 * negated error number. The engine turns errors into exceptions, so that they are worded in one place.
 */
@NullMarked
package dev.cachefiles.spi;

import org.jspecify.annotations.NullMarked;
