// SPDX-License-Identifier: Apache-2.0
/**
 * Serving cache misses of the Linux kernel: the handler, the server that runs it, and the channel below.
 *
 * <h2>Two ways in</h2>
 *
 * <p>{@link dev.cachefiles.OnDemandServer} runs an {@link dev.cachefiles.OnDemandHandler} and answers every request
 * exactly once, whatever the handler does. {@link dev.cachefiles.CachefilesChannel} hands out one-shot
 * {@linkplain dev.cachefiles.Request requests} to those who drive the loop themselves.
 *
 * <pre>
 *   channel opens /dev/cachefiles, binds the cache
 *        |
 *   mount(2) ......... OPEN  -&gt; handler.open(OpenRequest)    returns the size of the object in bytes
 *        |                      handler.opened(CacheObject)  the kernel has the answer; writing ahead may begin
 *   a page is missing  READ  -&gt; handler.read(ReadRequest)    writes the range, through the AnonFd
 *        :                      ... any number, in any order, also at the same time
 *   umount(2) ........ CLOSE -&gt; handler.close(CloseRequest)  after the READs of the object are answered
 *        |
 *   server.close(): what is in flight is answered, every AnonFd closes, then the device
 * </pre>
 *
 * <h2>What the protocol cannot do</h2>
 *
 * <ul>
 *   <li>READ has no error reply. A READ that cannot be served is completed without data: the kernel sees the hole and
 *       gives the reader {@code EIO}; a later read asks again.
 *   <li>An OPEN that is refused makes mount(2) fail with {@code EIO} or {@code ENOBUFS}, never with the error given.
 *   <li>Nothing but the size ties cached bytes to a blob: a name must always mean the same bytes.
 * </ul>
 *
 * <h2>Known deadlocks</h2>
 *
 * <ol>
 *   <li>A daemon that reads a file of a mount which it serves waits for itself. This includes its own jars, libraries
 *       and log files: keep them all elsewhere.
 *   <li>A daemon must never call mount(2) for such a mount: if it dies inside, the device stays busy until the machine
 *       restarts. Start a helper process for it, which must not inherit the device.
 * </ol>
 *
 * <p>Unless stated otherwise, passing {@code null} to a method or constructor of this package throws
 * {@link java.lang.NullPointerException}.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "On-demand Read"</a>
 */
@NullMarked
package dev.cachefiles;

import org.jspecify.annotations.NullMarked;
