// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a cache has on its disk at a moment, and so after a power cut. */
@Contract
class PowerCutTest {
    private static final int SIZE = 400_000;
    private static final int HALF = 196_608;
    private static final String NO_MEMORY = "the fake's disk forgets nothing";

    @Test
    @Row(61)
    @RealKernelOnly(NO_MEMORY)
    void in_the_first_session_of_a_blob_nothing_of_it_survives(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        LoopDisk disk = newDisk(kernel);
        SdkDaemon daemon = start(kernel, disk, new ImageHandler(image));
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        LoopDisk later = cutPower(kernel, disk, true);
        mount.unmount();
        daemon.close();

        var handler = new ImageHandler(image);
        start(kernel, later, handler);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertFalse(handler.reads().isEmpty());
    }

    @Test
    @Row(61)
    @RealKernelOnly(NO_MEMORY)
    void in_later_sessions_what_was_synced_survives(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        LoopDisk disk = newDisk(kernel);
        SdkDaemon daemon = start(kernel, disk, new ImageHandler(image));
        Mount first = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, HALF), first.read(0, HALF).bytes());
        first.unmount();
        Mount second = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), second.readAll(image).bytes());
        LoopDisk synced = cutPower(kernel, disk, true);
        second.unmount();
        daemon.close();

        var handler = new ImageHandler(image);
        start(kernel, synced, handler);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertEquals(0, handler.reads().size());
    }

    /** The way to make a blob durable, as docs/CACHE.md tells it. */
    @Test
    @Row(61)
    @RealKernelOnly(NO_MEMORY)
    void after_an_unmount_and_a_sync_all_of_a_blob_survives(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        LoopDisk disk = newDisk(kernel);
        SdkDaemon daemon = start(kernel, disk, new ImageHandler(image));
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        mount.unmount();
        SdkDaemon.await(() -> hasName(disk), "the name of the cache file");
        LoopDisk later = cutPower(kernel, disk, true);
        daemon.close();

        var handler = new ImageHandler(image);
        start(kernel, later, handler);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertEquals(0, handler.reads().size());
    }

    private static boolean hasName(LoopDisk disk) {
        try (Stream<Path> files = Files.walk(disk.point().resolve("cache"))) {
            return files.anyMatch(file -> file.endsWith("Da"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Row(61)
    @RealKernelOnly(NO_MEMORY)
    void whatever_survives_is_right(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        LoopDisk disk = newDisk(kernel);
        SdkDaemon daemon = start(kernel, disk, new ImageHandler(image));
        kernel.mount("a").mounted().unmount();
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, HALF), mount.read(0, HALF).bytes());
        LoopDisk halfway = cutPower(kernel, disk, false);
        mount.unmount();
        daemon.close();

        start(kernel, halfway, new ImageHandler(image));
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
    }

    private static LoopDisk newDisk(KernelUnderTest kernel) throws IOException {
        LoopDisk disk = LoopDisk.create(512, 4096);
        kernel.closeAtEnd(disk::close);
        return disk;
    }

    private static LoopDisk cutPower(KernelUnderTest kernel, LoopDisk disk, boolean sync) throws IOException {
        if (sync) {
            Shell.run("sync", "--file-system", disk.point().toString()).orThrow();
        }
        LoopDisk later = disk.afterPowerCut();
        kernel.closeAtEnd(later::close);
        return later;
    }

    private static SdkDaemon start(KernelUnderTest kernel, LoopDisk disk, ImageHandler handler) throws IOException {
        CacheOptions options = CacheOptions.builder(disk.point()).build();
        return SdkDaemon.start(kernel, CachefilesChannel.open(options, kernel.provider()), handler, builder -> {});
    }
}
