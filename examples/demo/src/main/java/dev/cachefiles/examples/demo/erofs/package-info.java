// SPDX-License-Identifier: Apache-2.0
/**
 * A small reader of EROFS images, for tests and demonstrations: no compression, no extended attributes.
 *
 * @see <a href="https://docs.kernel.org/filesystems/erofs.html">EROFS; fs/erofs/erofs_fs.h</a>
 */
@NullMarked
package dev.cachefiles.examples.demo.erofs;

import org.jspecify.annotations.NullMarked;
