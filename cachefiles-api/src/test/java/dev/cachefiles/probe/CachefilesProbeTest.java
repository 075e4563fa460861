// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.probe.Finding.Severity;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.FileTrial;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each cause, on a machine made of files; the kernel tests have the real ones. */
class CachefilesProbeTest {
    private static final String CACHES = """
            CACHE    REF   VOLS  OBJS  ACCES S NAME
            ======== ===== ===== ===== ===== = ===============
            """;

    @TempDir
    private Path root;

    private Path directory = Path.of("");
    private Path device = Path.of("");
    private FileTrial trial = new FileTrial(0, 0);
    private CachefilesException refusal = new CachefilesException("bind ondemand", Errno.EINVAL, "not this kernel");

    @BeforeEach
    void healthy() throws IOException {
        directory = Files.createDirectory(root.resolve("fscache"));
        device = put("dev/cachefiles", "");
        put("proc/sys/kernel/osrelease", "6.12.1\n");
        config("CONFIG_CACHEFILES=m\nCONFIG_CACHEFILES_ONDEMAND=y\nCONFIG_EROFS_FS=m\nCONFIG_EROFS_FS_ONDEMAND=y\n");
        put("proc/self/uid_map", "         0          0 4294967295\n");
        put("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
        put("proc/self/limits", "Max open files            1024                 1048576              files     \n");
        put("proc/misc", "258 vsock\n 58 cachefiles\n");
        put("proc/mounts", "/dev/vda / ext4 rw,relatime 0 0\n");
        put("proc/fs/fscache/caches", CACHES);
    }

    private Path put(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private void config(String text) throws IOException {
        Path file = root.resolve("proc/config.gz");
        Files.createDirectories(file.getParent());
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
    }

    private CacheOptions.Builder options() {
        return CacheOptions.builder(directory).device(device).blockLimits(new Limits(2, 1, 0));
    }

    private ProbeReport probe() {
        return probe(options().build());
    }

    private ProbeReport probe(CacheOptions options) {
        return new CachefilesProbe(options, new Refusing(), root).look();
    }

    /** Opens nothing. */
    private final class Refusing implements CachefilesProvider {
        @Override
        public DeviceFile open(Path path) throws IOException {
            throw refusal;
        }

        @Override
        public FileTrial tryFiles(Path path) {
            return trial;
        }
    }

    private void assertFinds(Severity severity, Topic topic, String what, String cure) {
        assertFinds(probe(), severity, topic, what, cure);
    }

    private static void assertFinds(ProbeReport report, Severity severity, Topic topic, String what, String cure) {
        assertTrue(
                report.of(severity).stream()
                        .anyMatch(finding -> finding.topic() == topic
                                && finding.what().contains(what)
                                && finding.cure().contains(cure)),
                report.toString());
    }

    @Test
    void where_nothing_is_wrong_the_kernel_has_the_last_word() {
        ProbeReport report = probe();
        assertEquals(1, report.of(Severity.ERROR).size(), report.toString());
        assertFinds(report, Severity.ERROR, Topic.SET_UP, "bind ondemand: EINVAL", "not this kernel");
        assertEquals(Severity.ERROR, report.worst());
        assertEquals(List.of(), report.of(Severity.WARNING));
    }

    @Test
    void a_cause_that_was_named_is_not_named_again() throws IOException {
        Files.delete(directory);
        ProbeReport report = probe();
        assertFinds(report, Severity.ERROR, Topic.DIRECTORY, "does not exist", "mkdir -p " + directory);
        assertEquals(1, report.of(Severity.ERROR).size(), report.toString());
    }

    @Test
    void a_link_to_a_directory_is_named_with_what_it_leads_to() throws IOException {
        Path link = Files.createSymbolicLink(root.resolve("link"), directory);
        CacheOptions options = CacheOptions.builder(link).device(device).build();
        String cure = "readlink -f " + link;
        assertFinds(probe(options), Severity.ERROR, Topic.DIRECTORY, "link is a symbolic link", cure);
        Files.delete(directory);
        assertFinds(probe(options), Severity.ERROR, Topic.DIRECTORY, "link is a symbolic link", cure);
    }

    @ParameterizedTest
    @CsvSource({
        "CONFIG_CACHEFILES, ERROR",
        "CONFIG_CACHEFILES_ONDEMAND, ERROR",
        "CONFIG_EROFS_FS, WARNING",
        "CONFIG_EROFS_FS_ONDEMAND, WARNING"
    })
    void options_that_the_kernel_lacks_are_named(String option, Severity severity) throws IOException {
        var text = new StringBuilder();
        for (String each : List.of(
                "CONFIG_CACHEFILES", "CONFIG_CACHEFILES_ONDEMAND", "CONFIG_EROFS_FS", "CONFIG_EROFS_FS_ONDEMAND")) {
            text.append(each.equals(option) ? "# " + each + " is not set\n" : each + "=y\n");
        }
        config(text.toString());
        assertFinds(severity, Topic.KERNEL, "without " + option, "use a kernel that has");
    }

    @Test
    void the_configuration_is_found_in_boot_too() throws IOException {
        Files.delete(root.resolve("proc/config.gz"));
        assertFinds(Severity.OK, Topic.KERNEL, "does not say how it was built", "");
        put("boot/config-6.12.1", "CONFIG_CACHEFILES=m\n");
        assertFinds(Severity.ERROR, Topic.KERNEL, "without CONFIG_CACHEFILES_ONDEMAND", "5.19");
    }

    @Test
    void a_process_without_the_capability_is_told_so() throws IOException {
        put("proc/self/status", "CapEff:\t000001ffffdfffff\n");
        assertFinds(Severity.ERROR, Topic.PRIVILEGE, "lacks the capability CAP_SYS_ADMIN", "root");
    }

    @Test
    void a_user_namespace_is_named_whatever_capabilities_there_are() throws IOException {
        put("proc/self/uid_map", "         0     100000      65536\n");
        assertFinds(Severity.ERROR, Topic.PRIVILEGE, "user namespace", "outside");
    }

    @Test
    void an_absent_device_is_the_kernels_or_the_containers() throws IOException {
        Files.delete(device);
        assertFinds(Severity.ERROR, Topic.DEVICE, "although the kernel has it", "--device");
        put("proc/misc", "258 vsock\n");
        assertFinds(Severity.ERROR, Topic.DEVICE, "the kernel has no such device", "modprobe cachefiles");
    }

    @Test
    void who_has_the_device_is_named() throws IOException {
        put("proc/77/comm", "cachefilesd\n");
        Files.createSymbolicLink(
                Files.createDirectories(root.resolve("proc/77/fd")).resolve("3"), device);
        refusal = new CachefilesException(device.toString(), Errno.EBUSY);
        ProbeReport report = probe();
        assertFinds(report, Severity.ERROR, Topic.DEVICE, "77 (cachefilesd)", "stop it");
        assertEquals(1, report.of(Severity.ERROR).size(), report.toString());
    }

    @Test
    void who_keeps_the_cache_of_a_daemon_that_has_ended_is_named() throws IOException {
        put("proc/78/comm", "sleep\n");
        Files.createSymbolicLink(
                Files.createDirectories(root.resolve("proc/78/fd")).resolve("9"), Path.of("anon_inode:[cachefiles]"));
        assertFinds(Severity.ERROR, Topic.DEVICE, "78 (sleep), which has inherited", "end that process");
    }

    @Test
    void a_device_in_hands_that_cannot_be_seen_is_busy_all_the_same() {
        refusal = new CachefilesException(device.toString(), Errno.EBUSY);
        assertFinds(Severity.ERROR, Topic.DEVICE, "cannot see", "fuser");
    }

    @Test
    void what_a_file_system_lacks_is_named() {
        trial = new FileTrial(-Errno.EOPNOTSUPP.number(), 0);
        assertFinds(Severity.ERROR, Topic.FILE_SYSTEM, "lacks unnamed files", "ext4 or xfs");
        trial = new FileTrial(0, -Errno.EINVAL.number());
        assertFinds(Severity.ERROR, Topic.FILE_SYSTEM, "lacks direct I/O", "ext4 or xfs");
        trial = new FileTrial(-Errno.EROFS.number(), -Errno.EROFS.number());
        assertFinds(Severity.ERROR, Topic.FILE_SYSTEM, "read-only", "remount,rw");
        trial = new FileTrial(-Errno.EACCES.number(), -Errno.EACCES.number());
        assertFinds(Severity.ERROR, Topic.FILE_SYSTEM, "may not write", "chown");
        trial = new FileTrial(-Errno.ENOSPC.number(), 0);
        assertFinds(Severity.ERROR, Topic.SPACE, "is full", "free some");
    }

    @Test
    void kinds_of_file_systems_that_the_kernel_refuses_are_known() throws IOException {
        put(
                "proc/mounts",
                "/dev/vda / ext4 rw 0 0\ntmpfs " + root.toRealPath() + " tmpfs rw 0 0\nproc /proc proc rw 0 0\n");
        assertFinds(Severity.ERROR, Topic.FILE_SYSTEM, "is on tmpfs", "ext4 or xfs");
    }

    @Test
    void what_is_in_the_directory_already_is_looked_at() throws IOException {
        Files.createDirectories(directory.resolve("cache/Ierofs,a.img"));
        assertFalse(probe().of(Severity.WARNING).stream().anyMatch(finding -> finding.topic() == Topic.DIRECTORY));
        Files.createDirectories(directory.resolve("cache/Infs,4.2,2,,300000a"));
        assertFinds(Severity.WARNING, Topic.DIRECTORY, "Infs,4.2", "directory of its own");
        Files.writeString(directory.resolve("graveyard"), "");
        assertFinds(Severity.ERROR, Topic.DIRECTORY, "graveyard is not a directory", "move it away");
        directory = directory.resolve("graveyard");
        assertFinds(Severity.ERROR, Topic.DIRECTORY, "is not a directory", "name a directory");
    }

    @Test
    void limits_on_free_space_are_compared_with_what_is_free() {
        CacheOptions options = options().blockLimits(new Limits(7, 5, 1)).build();
        var check = new SpaceCheck(options);
        assertEquals(Severity.ERROR, check.blocks(9, 1000).severity());
        assertEquals(Severity.WARNING, check.blocks(10, 1000).severity());
        assertEquals(Severity.WARNING, check.blocks(49, 1000).severity());
        assertEquals(Severity.OK, check.blocks(50, 1000).severity());
    }

    @Test
    void limits_on_free_inodes_are_compared_with_what_is_free() {
        CacheOptions options = options().fileLimits(new Limits(70, 50, 10)).build();
        var check = new SpaceCheck(options);
        assertEquals(Severity.ERROR, check.files(99, 1000).severity());
        assertTrue(check.files(99, 1000).what().contains("99 of 1000 inodes free, less than the 10% (fstop)"));
        assertEquals(Severity.WARNING, check.files(499, 1000).severity());
        assertEquals(Severity.OK, check.files(500, 1000).severity());
        assertEquals(Severity.OK, check.files(0, 0).severity());
        assertEquals(Severity.OK, check.blocks(99, 1000).severity());
    }

    @Test
    void stale_mounts_and_their_tag_are_named() throws IOException {
        put("proc/mounts", "/dev/vda / ext4 rw 0 0\nnone /mnt/a\\040b erofs ro,fsid=a,domain_id=d 0 0\n");
        put("proc/fs/fscache/caches", CACHES + "00000001     2     1     0     0 - my cache\n");
        assertFinds(Severity.ERROR, Topic.TAG, "(/mnt/a b) from a cache with the tag 'my cache'", "tag 'my cache'");
        assertFinds(
                probe(options().tag("my cache").build()),
                Severity.WARNING,
                Topic.TAG,
                "stay without one",
                "mount them again");
        put("proc/fs/fscache/caches", CACHES + "00000001     2     1     0     0 A my cache\n");
        assertFinds(Severity.OK, Topic.TAG, "active", "");
        put("proc/fs/fscache/caches", CACHES + "00000001     2     0     0     0 - my cache\n");
        assertFinds(Severity.OK, Topic.TAG, "no image", "");
    }

    @Test
    void few_open_files_are_a_warning() throws IOException {
        put("proc/self/limits", "Max open files            64                   100                  files     \n");
        assertFinds(Severity.WARNING, Topic.OPEN_FILES, "only 100 files", "LimitNOFILE");
        put("proc/self/limits", "Max open files            64                   unlimited            files     \n");
        assertFinds(Severity.OK, Topic.OPEN_FILES, "any number", "");
    }

    @Test
    void what_cannot_be_read_stops_nothing() throws IOException {
        for (String file : List.of("proc/self/uid_map", "proc/self/status", "proc/self/limits", "proc/mounts")) {
            Files.delete(root.resolve(file));
        }
        put("proc/config.gz", "not packed");
        assertEquals(1, probe().of(Severity.ERROR).size(), probe().toString());
    }
}
