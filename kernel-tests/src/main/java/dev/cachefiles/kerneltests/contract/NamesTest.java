// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.Errno;
import dev.cachefiles.kerneltests.matrix.Row;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which names come through, and which mounts exclude each other. */
@Contract
class NamesTest {
    private static final int SIZE = 20_000;

    @Test
    @Row(59)
    void in_a_domain_names_are_delivered_as_they_are(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        List<String> names = List.of("..", "../../etc/passwd", "/", " ", "a b=\u00fc");
        mountAndRead(kernel, names, image);
        assertEquals(
                names,
                handler.opens().stream()
                        .map(open -> open.cookie().text().orElseThrow())
                        .toList());
        assertEquals(
                List.of("erofs,d"),
                handler.opens().stream()
                        .map(open -> open.volume().toString())
                        .distinct()
                        .toList());
        // Each has a cache file of its own.
        long reads = handler.reads().size();
        mountAndRead(kernel, names, image);
        assertEquals(reads, handler.reads().size());
    }

    /** All at the same time: the volume is then set up once. */
    private static void mountAndRead(KernelUnderTest kernel, List<String> names, Image image) throws Exception {
        List<Mount> mounts = new ArrayList<>();
        for (String name : names) {
            mounts.add(kernel.mount(MountOptions.of(name).domain("d")).mounted());
        }
        for (Mount mount : mounts) {
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            mount.unmount();
        }
    }

    @Test
    @Row(59)
    void the_longest_names(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        serve(kernel, MountOptions.of("n".repeat(248)), image);
        assertEquals(Errno.ENOBUFS, kernel.mount("n".repeat(249)).error());
        assertEquals(Errno.ENOMEM, kernel.mount("n".repeat(250)).error());
        assertEquals(Errno.ENOMEM, kernel.mount("n".repeat(252)).error());
        serve(kernel, MountOptions.of("n".repeat(248)).domain("d"), image);
        serve(kernel, MountOptions.of("n".repeat(250)).domain("d"), image);
        serve(kernel, MountOptions.of("n".repeat(252)).domain("d"), image);
        serve(kernel, MountOptions.of("\u00fc".repeat(126)).domain("d"), image);
        assertEquals(
                Errno.EINVAL,
                kernel.mount(MountOptions.of("n".repeat(256)).domain("d")).error());
        assertEquals(Errno.EINVAL, kernel.mount("").error());
        assertEquals(Errno.ENOBUFS, kernel.mount("a/b").error(), "the directory of a volume cannot have a slash");
        assertEquals(
                List.of(248, 248, 250, 252, 252),
                handler.opens().stream().map(open -> open.cookie().length()).toList());
    }

    private static void serve(KernelUnderTest kernel, MountOptions options, Image image) throws Exception {
        Mount mount = kernel.mount(options).mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        mount.unmount();
    }

    @Test
    @Row(60)
    void one_fsid_is_mounted_once(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        Mount alone = kernel.mount("a").mounted();
        assertEquals(Errno.EBUSY, kernel.mount("a").error());
        Mount first = kernel.mount(MountOptions.of("a").domain("one")).mounted();
        assertEquals(
                Errno.EEXIST, kernel.mount(MountOptions.of("a").domain("one")).error());
        Mount other = kernel.mount(MountOptions.of("a").domain("two")).mounted();
        for (Mount mount : List.of(alone, first, other)) {
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
        }
        assertEquals(3, handler.opens().size());
    }
}
