// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AnonFd;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.spi.AnonFile;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What an anonymous fd tells of the cache file. */
@Contract
class SeekingTest {
    private static final int SIZE = 100_000;

    @Test
    void llseek_tells_of_blocks_that_are_there(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        AnonFile file = opened.file().file();
        assertEquals("ENOBUFS", RawDaemon.symbol(file.size()), "there is no file before the answer");
        assertEquals("ENOBUFS", RawDaemon.symbol(file.seekData(0)));
        assertEquals("ok", daemon.copen(opened.message(), image.length() - 1));
        daemon.mounted(mounting, image);

        assertEquals(image.length(), file.size(), "whole pages");
        assertEquals(0, file.seekData(0));
        assertEquals(Image.BLOCK, file.seekHole(0), "behind the superblock");
        assertEquals(8192, opened.file().pwrite(RawDaemon.memory(8192, 1), 40_960));
        assertEquals(40_960, file.seekData(Image.BLOCK));
        assertEquals(45_000, file.seekData(45_000));
        assertEquals(49_152, file.seekHole(40_960));
        assertEquals(60_000, file.seekHole(60_000));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(49_152)));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(image.length())));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekHole(image.length())));
        assertEquals("ENXIO", RawDaemon.symbol(file.seekData(-1)));
    }

    @Test
    void the_library_tells_of_ranges_that_are_there(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        kernel.mount("a").mounted();
        AnonFd fd = handler.opens().getFirst().object().fd();
        fd.write(MemorySegment.ofArray(image.bytes()).asSlice(40_960, 8192), 40_960);
        assertEquals(image.length(), fd.fileSize());
        assertEquals(OptionalLong.of(40_960), fd.nextData(Image.BLOCK));
        assertEquals(OptionalLong.of(49_152), fd.nextHole(40_960));
        assertEquals(OptionalLong.empty(), fd.nextData(49_152));
        assertEquals(OptionalLong.empty(), fd.nextHole(image.length()));
        assertTrue(fd.isFilled(40_960, 8192));
        assertFalse(fd.isFilled(40_960, 8193));
    }
}
