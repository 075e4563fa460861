// SPDX-License-Identifier: Apache-2.0
/** The bytes of the protocol, as in include/uapi/linux/cachefiles.h: messages in, commands out. Pure, without I/O. */
@NullMarked
package dev.cachefiles.protocol;

import org.jspecify.annotations.NullMarked;
