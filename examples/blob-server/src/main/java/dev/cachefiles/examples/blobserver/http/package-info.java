// SPDX-License-Identifier: Apache-2.0
/**
 * Blobs of web servers, and what other sources that speak HTTP are made of.
 *
 * <p>{@link dev.cachefiles.examples.blobserver.http.HttpSource} is a blob at a URL, read in ranges;
 * {@link dev.cachefiles.examples.blobserver.http.HttpTransport} sends requests with deadlines, redirects and credentials.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.http;

import org.jspecify.annotations.NullMarked;
