// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.probe.CachefilesProbe;
import dev.cachefiles.probe.Finding.Severity;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.probe.ProbeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the probe says of a kernel, a directory and a daemon as they are; and that the kernel agrees. */
class ProbeTest {

    private static ProbeReport probe(Path directory) {
        return CachefilesProbe.run(CacheOptions.builder(directory).build());
    }

    private static void makeImage(Path directory) throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
        ErofsImage.make(directory.resolve("a.img"), tree);
    }

    private static void assertFinds(ProbeReport report, Severity severity, Topic topic, String what) {
        assertTrue(
                report.of(severity).stream()
                        .anyMatch(finding ->
                                finding.topic() == topic && finding.what().contains(what)),
                report.toString());
        if (severity == Severity.ERROR) {
            assertEquals(1, report.of(severity).size(), report.toString());
        }
    }

    @Test
    void a_machine_on_which_all_is_well() throws Exception {
        ProbeReport report = probe(CacheDirectory.create());
        assertEquals(Severity.OK, report.worst(), report.toString());
        assertFinds(report, Severity.OK, Topic.KERNEL, "has the on-demand mode");
        assertFinds(report, Severity.OK, Topic.FILE_SYSTEM, "ext4 takes extended attributes");
        assertFinds(report, Severity.OK, Topic.SET_UP, "the kernel has bound the cache");
        CachefilesChannel.open(CacheOptions.builder(CacheDirectory.create()).build())
                .close();
    }

    @Test
    @Row(6)
    void directories_that_will_not_do() throws Exception {
        assertFinds(probe(Path.of("/cache/absent")), Severity.ERROR, Topic.DIRECTORY, "does not exist");
        assertFinds(probe(Path.of("/dev/shm")), Severity.ERROR, Topic.FILE_SYSTEM, "is on tmpfs");
        assertFinds(probe(Path.of("/proc/fs")), Severity.ERROR, Topic.FILE_SYSTEM, "is on proc, which lacks");
        Path foreign = CacheDirectory.create();
        Files.createDirectories(foreign.resolve("cache/Infs,4.2"));
        assertFinds(probe(foreign), Severity.WARNING, Topic.DIRECTORY, "Infs,4.2");
        Path occupied = CacheDirectory.create();
        Files.createFile(occupied.resolve("cache"));
        assertFinds(probe(occupied), Severity.ERROR, Topic.DIRECTORY, "cache is not a directory");
        Path link = Files.createSymbolicLink(foreign.resolve("link"), foreign);
        assertFinds(probe(link), Severity.ERROR, Topic.DIRECTORY, "link is a symbolic link");
    }

    @Test
    void a_file_system_that_became_read_only() throws Exception {
        LoopDisk disk = LoopDisk.create(512, 4096);
        try {
            Shell.run("mount", "-o", "remount,ro", disk.point().toString()).orThrow();
            assertFinds(probe(disk.point()), Severity.ERROR, Topic.FILE_SYSTEM, "read-only");
        } finally {
            disk.close();
        }
    }

    @Test
    void limits_that_ask_for_more_inodes_than_there_are() throws Exception {
        LoopDisk disk = LoopDisk.create(512, 4096);
        try {
            Shell.sh("cd \"$1\" && seq 1 400 | xargs touch", disk.point().toString())
                    .orThrow();
            assertFinds(
                    CachefilesProbe.run(CacheOptions.builder(disk.point())
                            .fileLimits(new Limits(99, 98, 0))
                            .build()),
                    Severity.WARNING,
                    Topic.SPACE,
                    "less than the 98% (fcull)");
        } finally {
            disk.close();
        }
    }

    @Test
    void limits_that_ask_for_more_room_than_there_is() throws Exception {
        CacheOptions options = CacheOptions.builder(CacheDirectory.create())
                .blockLimits(new Limits(99, 98, 97))
                .build();
        assertFinds(CachefilesProbe.run(options), Severity.ERROR, Topic.SPACE, "less than the 97% (bstop)");
    }

    @Test
    @Row(1)
    void a_user_namespace_and_a_low_limit_of_files_are_named() throws Exception {
        Shell.Result result = Shell.sh(
                "ulimit -n 200 && exec unshare --user --map-root-user examples/blob-server/bin/blob-server doctor"
                        + " --cache-dir \"$1\"",
                CacheDirectory.create().toString());
        assertEquals(1, result.status(), result.toString());
        assertTrue(result.output().contains("in a user namespace, in which no capability opens"), result.toString());
        assertTrue(result.output().contains("only 200 files open"), result.toString());
    }

    @Test
    @Row(2)
    void a_daemon_that_runs_is_named_and_not_disturbed(@TempDir Path sources) throws Exception {
        makeImage(sources);
        Path directory = CacheDirectory.create();
        var options = CacheOptions.builder(directory).build();
        try (var server = OnDemandServer.builder(CachefilesChannel.open(options))
                        .handler(new FileHandler(sources))
                        .start();
                var mount = ErofsMount.mount("fsid=a.img")) {
            assertFinds(
                    probe(directory),
                    Severity.ERROR,
                    Topic.DEVICE,
                    "process " + ProcessHandle.current().pid() + " (java)");
            assertEquals(0, server.status().running());
            assertTrue(Files.isDirectory(mount.point()));
        }
    }

    @Test
    @Row(46)
    void a_stale_mount_and_its_tag_are_named(@TempDir Path sources) throws Exception {
        makeImage(sources);
        Path directory = CacheDirectory.create();
        var one = CacheOptions.builder(directory).tag("one").build();
        var server = OnDemandServer.builder(CachefilesChannel.open(one))
                .handler(new FileHandler(sources))
                .start();
        try (var mount = ErofsMount.mount("fsid=a.img")) {
            server.close();
            ProbeReport other = CachefilesProbe.run(
                    CacheOptions.builder(directory).tag("two").build());
            assertFinds(other, Severity.ERROR, Topic.TAG, mount.point().toString());
            assertFinds(other, Severity.ERROR, Topic.TAG, "the tag 'one'");
            assertFinds(CachefilesProbe.run(one), Severity.WARNING, Topic.TAG, "stay without one");
        } finally {
            server.close();
        }
        assertEquals(List.of(), CachefilesProbe.run(one).of(Severity.WARNING));
    }
}
