// SPDX-License-Identifier: Apache-2.0
/**
 * System calls, one Java method each. The only package with downcall handles.
 *
 * <p>Results follow the kernel's own convention: not negative on success, else the negated errno.
 */
@NullMarked
package dev.cachefiles.ffm.libc;

import org.jspecify.annotations.NullMarked;
