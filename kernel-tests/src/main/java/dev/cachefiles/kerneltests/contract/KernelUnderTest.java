// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.spi.CachefilesProvider;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * A kernel as a scenario sees it: its device on the one side, mounts and readers on the other.
 *
 * <p>What is cached and mounted belongs to one scenario, and ends with it.
 */
public interface KernelUnderTest extends Closeable {

    /** What opens the device. */
    CachefilesProvider provider();

    /** A cache in a directory that was empty when the scenario began; the same one each time. */
    CacheOptions options();

    /** Tells whether it is, or poses as, a kernel of this version or a later one. */
    boolean isAtLeast(int major, int minor);

    /**
     * Makes an image of one file; the same size gives the same bytes, and other sizes give other bytes.
     *
     * @param size bytes of the file
     */
    Image image(int size) throws IOException;

    /** Starts to mount; the daemon must send the image, of which the superblock is read at once. */
    Mounting mount(MountOptions options);

    /** Starts to mount without a domain. */
    default Mounting mount(String fsid) {
        return mount(MountOptions.of(fsid));
    }

    /** Starts many mounts at once; each seems to wait until the last has ended. */
    default List<Mounting> mountAll(List<MountOptions> options) {
        return options.stream().map(this::mount).toList();
    }

    /**
     * Makes an image of three files of the same bytes, which are in the image only once: a page of one that is read is a
     * miss for the others.
     */
    Image imageOfTriplets(int size) throws IOException;

    /** How many files the cache directory has for a blob that is mounted without a domain. */
    int storedFiles(String fsid) throws IOException;

    /** How many anonymous fds this process has. */
    int openFds();

    /** Tells whether the device can be opened; and so that neither it nor an anonymous fd is open. */
    boolean isDeviceFree() throws IOException;

    /** Sees to it that this process gets no further fd. No reader, mount or daemon can be started then. */
    void exhaustFds();

    /** Ends {@link #exhaustFds}. */
    void grantFds();

    /** Closes something at the end of the scenario, before all mounts and readers; the last first. */
    void closeAtEnd(Closeable what);

    /** Ends all that the scenario has left: daemons, then readers, then mounts. Fails if the device is not free then. */
    @Override
    void close() throws IOException;
}
