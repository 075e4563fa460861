// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Fds that are not there when an OPEN needs one. */
class FdLimitTest extends DaemonTest {
    private static final int SIZE = 10_000;

    private final TestBlob blob = new TestBlob(SIZE);

    /** Who has too few. */
    enum Limit {
        PROCESS("ulimit -n") {
            @Override
            Errno errno() {
                return Errno.EMFILE;
            }

            @Override
            void leave(FakeProcess process, int fds) {
                process.limitFds(3 + fds);
            }
        },
        SYSTEM("fs.file-max") {
            @Override
            Errno errno() {
                return Errno.ENFILE;
            }

            @Override
            void leave(FakeProcess process, int fds) {
                process.limitFilesOfSystem(fds);
            }
        };

        private final String cure;

        Limit(String cure) {
            this.cure = cure;
        }

        abstract Errno errno();

        abstract void leave(FakeProcess process, int fds);

        void assertReported(List<Throwable> troubles) {
            for (Throwable trouble : troubles) {
                var reported = assertInstanceOf(CachefilesException.class, trouble);
                assertEquals(errno(), reported.errno());
                assertTrue(reported.cure().orElseThrow().contains(cure), reported.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_mount_without_an_fd_fails_and_the_next_does_not(Limit limit) throws Exception {
        Daemon daemon = start(blob);
        FakeMount other = kernel.mount("other");
        limit.leave(kernel.process(), 1);
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> kernel.mount("a")).errno());
        assertArrayEquals(blob.bytes, other.read(0, SIZE), "who has an fd is served");
        limit.leave(kernel.process(), 2);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        assertEquals(1, daemon.troubles.size());
        limit.assertReported(daemon.troubles);
    }

    @ParameterizedTest
    @EnumSource
    void a_read_whose_object_cannot_be_opened_again_waits_until_it_can(Limit limit) throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, 10);
        await(() -> !daemon.reads.isEmpty());
        daemon.reads.getFirst().fd().close();
        kernel.awaitOpenFds(0);
        limit.leave(kernel.process(), 0);
        long readsBefore = kernel.counters().deviceReads();
        long start = System.nanoTime();
        var reader = mount.readAsync(4096, 10);
        await(() -> daemon.troubles.size() == 3);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(elapsed.compareTo(Duration.ofMillis(10 + 20)) >= 0, "no pause in " + elapsed);
        // Each attempt takes two: one that opens the object again, and one that should bring the OPEN.
        long reads = kernel.counters().deviceReads() - readsBefore;
        assertTrue(reads <= 2 * 4, reads + " reads of the device");
        assertFalse(reader.isDone());
        limit.leave(kernel.process(), 1);
        assertArrayEquals(blob.range(4096, 10), reader.get());
        limit.assertReported(daemon.troubles);
    }

    @ParameterizedTest
    @CsvSource({"255, 1", "256, 0"})
    void a_low_limit_is_reported_at_the_start(int files, int reports) throws Exception {
        kernel.process().limitFds(files);
        Daemon daemon = start(blob);
        assertEquals(reports, daemon.troubles.size());
        for (Throwable trouble : daemon.troubles) {
            assertTrue(trouble.getMessage().contains("only " + files + " files"), trouble.getMessage());
            assertTrue(trouble.getMessage().contains("ulimit -Hn"), trouble.getMessage());
        }
    }

    @Test
    void the_limit_is_what_the_provider_has_reached() throws Exception {
        kernel.process().limitFds(77);
        assertEquals(77, limitBy(kernel));
        assertEquals(Long.MAX_VALUE, limitBy(device -> kernel.open(device)), "a provider that knows no limit");
        assertEquals(
                Long.MAX_VALUE,
                limitBy(new CachefilesProvider() {
                    @Override
                    public DeviceFile open(Path device) throws CachefilesException {
                        return kernel.open(device);
                    }

                    @Override
                    public long raiseFileLimit() {
                        return -Errno.EPERM.number();
                    }
                }),
                "a provider that cannot find out");
    }

    private static long limitBy(CachefilesProvider provider) throws Exception {
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, provider)) {
            return channel.fileLimit();
        }
    }
}
