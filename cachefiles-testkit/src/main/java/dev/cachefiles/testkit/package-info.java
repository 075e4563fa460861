// SPDX-License-Identifier: Apache-2.0
/**
 * A fake of the kernel's side of cachefiles: the device, the cache on disk, and the processes that mount and read.
 *
 * <p>{@link dev.cachefiles.testkit.FakeKernel} is a {@link dev.cachefiles.spi.CachefilesProvider}. The engine above it
 * is the real one, so a test runs the same code as a daemon:
 *
 * {@snippet class="dev.cachefiles.testkit.UsageTest" region="usage"}
 *
 * <h2>What it keeps to</h2>
 *
 * <p>Messages, their ids and their order; commands with their rules and errors; the miss algorithm with its one retry;
 * holes by blocks of the file system; the alignment that direct I/O asks for; writes that are refused before and shortly
 * after the OPEN is answered and after the CLOSE; objects that open again when their fd was closed; fd numbers that are
 * used again at once; an fd that keeps a dead cache busy; files that outlive mounts and daemons.
 *
 * <h2>What it leaves out</h2>
 *
 * <p>There is no image: a mount reads ranges of blobs, and mount itself reads nothing. There is no page cache: each read
 * looks into the cache file, and two readers of one page send two READs. There is no free space to run out of, no
 * directory tree ({@code cull} and {@code inuse} know no name), no mode but on-demand, and one process only, so that no
 * fd is ever inherited.
 *
 * <p>No test hangs: whoever waits for the daemon does so for a limited time, and then fails with
 * {@link dev.cachefiles.testkit.HungReaderError}, which names the request that was not answered.
 *
 * <p>Unless stated otherwise, passing {@code null} to a method or constructor of this package throws
 * {@link java.lang.NullPointerException}.
 */
@NullMarked
package dev.cachefiles.testkit;

import org.jspecify.annotations.NullMarked;
