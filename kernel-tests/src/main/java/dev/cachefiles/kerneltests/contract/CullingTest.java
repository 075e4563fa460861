// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SystemCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The bare commands {@code cull} and {@code inuse}, which look names up in the working directory of the calling thread;
 * {@link CullerTest} has what the library makes of them.
 */
@Contract
class CullingTest {
    private static final int SIZE = 100_000;
    private static final String NO_DIRECTORY = "the fake has no working directory";

    /** Writes a command in a thread that is in a directory. */
    private static String commandIn(Path directory, RawDaemon daemon, String command) throws Exception {
        var result = new CompletableFuture<String>();
        Thread.ofPlatform().start(() -> {
            try {
                assertEquals(0, SystemCall.unshareWorkingDirectory());
                assertEquals(0, SystemCall.changeDirectory(directory), directory.toString());
                String outcome = daemon.command(command);
                // Its end frees the directory a little later than this does.
                assertEquals(0, SystemCall.changeDirectory(Path.of("/")));
                result.complete(outcome);
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        return result.get(60, TimeUnit.SECONDS);
    }

    /** The file of the blob "a", which has one from the end of its first mount on. */
    private static Path cachedFile(KernelUnderTest kernel) throws IOException {
        try (Stream<Path> files = Files.walk(kernel.options().directory().resolve("cache"))) {
            return files.filter(file -> file.endsWith("Da")).findFirst().orElseThrow();
        }
    }

    /** Mounts, reads all and unmounts. */
    private static void fill(KernelUnderTest kernel, RawDaemon daemon, Image image) throws IOException {
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
        mount.unmount();
        Path volume = kernel.options().directory().resolve("cache/Ierofs,a");
        daemon.serveUntil(() -> !isInUse(daemon, volume), image);
    }

    private static boolean isInUse(RawDaemon daemon, Path volume) {
        try {
            return !commandIn(volume.getParent(), daemon, "inuse " + volume.getFileName())
                    .equals("ok");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Row(56)
    @RealKernelOnly(NO_DIRECTORY)
    void a_thread_with_a_directory_of_its_own_culls_what_is_not_in_use(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Path directoryOfProcess = Files.readSymbolicLink(Path.of("/proc/self/cwd"));
        fill(kernel, daemon, image);
        Path file = cachedFile(kernel);
        assertEquals("ok", commandIn(file.getParent(), daemon, "inuse Da"));
        assertEquals("ENOENT", commandIn(file.getParent(), daemon, "inuse Db"));

        Mount mount = daemon.mounted(kernel.mount("a"), image);
        assertEquals("EBUSY", commandIn(file.getParent(), daemon, "inuse Da"));
        assertEquals("EBUSY", commandIn(file.getParent(), daemon, "cull Da"));
        assertEquals("ENOENT", daemon.command("inuse Da"), "in the directory of the process");
        assertTrue(Files.exists(file));
        mount.unmount();
        daemon.serveUntil(() -> outcomeOf(file, daemon).equals("ok"), image);

        assertEquals("ok", commandIn(file.getParent(), daemon, "cull Da"));
        assertFalse(Files.exists(file));
        assertEquals(directoryOfProcess, Files.readSymbolicLink(Path.of("/proc/self/cwd")));
        fill(kernel, daemon, image);
        assertTrue(Files.exists(file));
    }

    private static String outcomeOf(Path file, RawDaemon daemon) {
        try {
            return commandIn(file.getParent(), daemon, "inuse " + file.getFileName());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Row(57)
    @RealKernelOnly(NO_DIRECTORY)
    void the_kernel_culls_a_file_outside_of_the_cache(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Path elsewhere = CacheDirectory.create();
        Path file = Files.writeString(elsewhere.resolve("precious"), "data");
        assertEquals("ok", commandIn(elsewhere, daemon, "inuse precious"));
        assertEquals("ok", commandIn(elsewhere, daemon, "cull precious"));
        assertFalse(Files.exists(file));
        Files.delete(elsewhere);
    }

    @Test
    @Row(58)
    @RealKernelOnly(NO_DIRECTORY)
    void a_volume_that_is_culled_lies_in_the_graveyard_and_is_made_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        fill(kernel, daemon, image);
        Path cache = kernel.options().directory().resolve("cache");
        Path graveyard = kernel.options().directory().resolve("graveyard");
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        assertEquals("EBUSY", commandIn(cache, daemon, "cull Ierofs,a"));
        mount.unmount();
        daemon.serveUntil(() -> !isInUse(daemon, cache.resolve("Ierofs,a")), image);

        assertEquals("ok", commandIn(cache, daemon, "cull Ierofs,a"));
        assertFalse(Files.exists(cache.resolve("Ierofs,a")));
        List<Path> graves;
        try (Stream<Path> all = Files.list(graveyard)) {
            graves = all.toList();
        }
        assertEquals(1, graves.size());
        assertTrue(graves.getFirst().getFileName().toString().matches("[0-9a-f]{16}"), graves.toString());
        Shell.run("rm", "-r", graves.getFirst().toString()).orThrow();
        fill(kernel, daemon, image);
        assertTrue(Files.exists(cachedFile(kernel)));
    }
}
