// SPDX-License-Identifier: Apache-2.0
/**
 * A daemon that serves the files of a directory, to be run as it is or taken apart.
 *
 * <p>{@link dev.cachefiles.examples.blobserver.BlobServer} is the command; the library needs no more than
 * {@link dev.cachefiles.examples.blobserver.DirectoryResolver} and
 * {@link dev.cachefiles.examples.blobserver.FileSource} from here.
 */
@NullMarked
package dev.cachefiles.examples.blobserver;

import org.jspecify.annotations.NullMarked;
