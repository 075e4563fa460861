// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.HoleMap;
import dev.cachefiles.HoleMap.Range;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What the library knows of how much of an object is cached, and what it does with that. */
@Contract
class ObjectsTest {
    private static final int SIZE = 400_000;
    private static final int HALF = 196_608;

    /** Serves an image; puts ranges of it into the cache before anyone has missed them. */
    private static final class FillingHandler extends ImageHandler {
        private final Image image;
        private volatile List<Range> ahead = List.of();
        private final List<HoleMap> found = new CopyOnWriteArrayList<>();

        FillingHandler(Image image) {
            super(image);
            this.image = image;
        }

        @Override
        public void opened(CacheObject object) throws IOException {
            for (Range range : ahead) {
                put(object, range);
            }
        }

        void put(CacheObject object, Range range) throws IOException {
            object.fd()
                    .write(
                            MemorySegment.ofArray(image.bytes()).asSlice(range.offset(), range.length()),
                            range.offset());
        }

        /** Fetches what is missing, and nothing else. */
        void fillHoles(CacheObject object) throws IOException {
            HoleMap map = object.holeMap();
            found.add(map);
            for (Range hole : map.missing()) {
                put(object, hole);
            }
        }
    }

    private static OnDemandServer start(KernelUnderTest kernel, FillingHandler handler, List<CacheObject> complete)
            throws IOException {
        OnDemandServer server = OnDemandServer.builder(CachefilesChannel.open(kernel.options(), kernel.provider()))
                .handler(handler)
                .listener(new OnDemandListener() {
                    @Override
                    public void complete(CacheObject object) {
                        complete.add(object);
                    }
                })
                .start();
        kernel.closeAtEnd(server::close);
        return server;
    }

    @Test
    void what_is_filled_ahead_is_never_asked_for(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new FillingHandler(image);
        handler.ahead = List.of(new Range(0, image.length()));
        List<CacheObject> complete = new CopyOnWriteArrayList<>();
        OnDemandServer server = start(kernel, handler, complete);
        Mount mount = kernel.mount("a").mounted();
        SdkDaemon.await(() -> complete.size() == 1, "the object to be complete");
        assertTrue(complete.getFirst().isComplete());
        assertEquals(1, server.status().complete());
        assertEquals(image.length(), complete.getFirst().cachedBytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.of(), handler.reads());
    }

    @Test
    void the_read_that_fills_the_last_hole_completes_the_object(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new FillingHandler(image);
        List<CacheObject> complete = new CopyOnWriteArrayList<>();
        OnDemandServer server = start(kernel, handler, complete);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, HALF), mount.read(0, HALF).bytes());
        CacheObject object = handler.opens().getFirst().object();
        HoleMap half = object.holeMap();
        assertFalse(half.isComplete());
        assertFalse(object.isComplete());
        assertEquals(image.length(), half.size());
        assertEquals(
                image.length(),
                half.cachedBytes()
                        + half.missing().stream().mapToLong(Range::length).sum());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        handler.fillHoles(object); // the kernel asks for no block that no file has
        SdkDaemon.await(() -> complete.size() == 1, "the object to be complete");
        assertTrue(object.holeMap().isComplete());
        assertEquals(1, server.status().complete());
    }

    @Test
    void a_daemon_that_was_restarted_fetches_the_holes_and_nothing_else(KernelUnderTest kernel) throws Exception {
        resumes(kernel);
    }

    @Test
    @CacheDisk(sectorSize = 4096)
    void also_on_a_disk_with_large_sectors(KernelUnderTest kernel) throws Exception {
        resumes(kernel);
    }

    @Test
    @CacheDisk(blockSize = 1024)
    void also_on_a_disk_with_small_blocks(KernelUnderTest kernel) throws Exception {
        resumes(kernel);
    }

    private static void resumes(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var first = new FillingHandler(image);
        // The end too, which is no whole block; with a hole between.
        long tail = image.length() - 5000;
        first.ahead = List.of(new Range(0, HALF), new Range(tail, 5000));
        OnDemandServer server = start(kernel, first, new CopyOnWriteArrayList<>());
        kernel.mount("a").mounted().unmount();
        server.close();

        var second = new FillingHandler(image);
        start(kernel, second, new CopyOnWriteArrayList<>());
        Mount mount = kernel.mount("a").mounted();
        CacheObject object = second.opens().getFirst().object();
        second.fillHoles(object);
        long wholeTail = (tail + Image.BLOCK - 1) & -Image.BLOCK;
        assertEquals(
                List.of(new Range(HALF, wholeTail - HALF)),
                second.found.getFirst().missing());
        assertTrue(object.holeMap().isComplete());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.<ReadRequest>of(), second.reads());
    }
}
