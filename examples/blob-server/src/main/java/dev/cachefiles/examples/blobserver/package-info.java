// SPDX-License-Identifier: Apache-2.0
/**
 * A daemon that serves images from several places, to be run as it is or taken apart.
 *
 * <ul>
 *   <li>{@link dev.cachefiles.examples.blobserver.BlobServer} is the program, {@code commands} its commands;
 *   <li>{@code settings} and {@code config} are what it is told;
 *   <li>{@code sources} are the places where bytes come from;
 *   <li>{@code daemon} is what runs.
 * </ul>
 *
 * <p>The library needs no more than {@link dev.cachefiles.examples.blobserver.sources.DirectoryResolver} and
 * {@link dev.cachefiles.examples.blobserver.sources.FileSource} from here.
 */
@NullMarked
package dev.cachefiles.examples.blobserver;

import org.jspecify.annotations.NullMarked;
