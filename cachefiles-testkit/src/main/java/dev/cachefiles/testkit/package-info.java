// SPDX-License-Identifier: Apache-2.0
/**
 * A fake of the kernel's side of cachefiles: the device, the cache on disk, and the processes that mount and read.
 *
 * <p>{@link dev.cachefiles.testkit.FakeKernel} is a {@link dev.cachefiles.spi.CachefilesProvider}. The engine above it
 * is the real one, so a test runs the same code as a daemon:
 *
 * {@snippet class="dev.cachefiles.testkit.UsageTest" region="usage"}
 *
 * <p>With JUnit, {@link dev.cachefiles.testkit.FakeKernelExtension} makes the kernel and looks after it. What else there
 * is has a place of its own:
 *
 * <table>
 *   <caption>Where things are</caption>
 *   <tr><th>{@link dev.cachefiles.testkit.FakeKernel}
 *       <td>mounts, the clock, and what has happened: requests, answers, commands, numbers
 *   <tr><th>{@link dev.cachefiles.testkit.FakeMount}<td>readers
 *   <tr><th>{@link dev.cachefiles.testkit.FakeKernel#disk() kernel.disk()}
 *       <td>space that runs out, a disk that becomes read-only or fails
 *   <tr><th>{@link dev.cachefiles.testkit.FakeKernel#process() kernel.process()}
 *       <td>the daemon's fds and limits, its children, its death
 *   <tr><th>{@link dev.cachefiles.testkit.FakeKernel#faults() kernel.faults()}<td>single calls that go wrong
 *   <tr><th>{@link dev.cachefiles.testkit.KernelAssert}<td>what must be so in the end
 *   <tr><th>{@link dev.cachefiles.testkit.KernelProfile}<td>which kernel it is
 * </table>
 *
 * <p>Time can be held still, so that a test of a deadline takes no longer than others:
 *
 * {@snippet class="dev.cachefiles.testkit.UsageTest" region="time"}
 *
 * <h2>What it keeps to</h2>
 *
 * <p>Messages, their ids and their order; commands with their rules and errors; the miss algorithm with its one retry;
 * holes by blocks of the file system; the alignment that direct I/O asks for; writes that are refused before and shortly
 * after the OPEN is answered and after the CLOSE; objects that open again when their fd was closed; no more than 256
 * OPENs and CLOSEs under way; {@code restore}, and the device handed on to another process; limits of free space, fds
 * and file size; {@code cull} and {@code inuse} with what is in use, and the graveyard; fd numbers that are used again at once; an fd that keeps a dead cache busy, in whatever process; a mount
 * that was left behind and draws others to its cache; files that outlive mounts and daemons.
 *
 * <h2>What it leaves out</h2>
 *
 * <p>There is no image: a mount reads ranges of blobs, and mount itself reads nothing. There is no page cache: each read
 * looks into the cache file, and two readers of one page send two READs. There is no directory tree but
 * that of caches, in which directories take no space; {@code dir} takes any path, and every blob has a file of its own,
 * where a real kernel cuts the file's name if the blob's is long and of other than plain characters, and which then cannot
 * be listed or culled. Without the on-demand mode there is nothing but commands and
 * the state of the space. Numbers of fds are those of anonymous fds alone. A mount whose OPEN fails always has {@code ENOBUFS}, where a real one has {@code EIO} at times.
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
