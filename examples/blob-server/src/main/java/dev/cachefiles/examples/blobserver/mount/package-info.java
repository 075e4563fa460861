// SPDX-License-Identifier: Apache-2.0
/**
 * Mounts images and unmounts them, by processes of their own: mount(2) must never be called by the daemon, nor by a
 * process that has its device, since one that is killed in it could not end, and would keep the device.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.mount;

import org.jspecify.annotations.NullMarked;
