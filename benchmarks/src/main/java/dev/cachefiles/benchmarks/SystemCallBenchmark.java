// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.ffm.libc.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * System calls as the library makes them: with errno captured at each, and beside what the JDK has of its own. Files are
 * made in the current directory, which must be on a file system that knows direct I/O.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class SystemCallBenchmark {
    private static final int O_DIRECT = 0x4000;
    private static final int EXTENT = 1 << 16;
    private static final int EXTENTS = 1000;

    /** A file that is written with direct I/O. */
    @State(Scope.Thread)
    public static class DirectFile {
        /** Bytes of a write. */
        @Param({"4096", "131072"})
        int length;

        private int fd;
        private Path file = Path.of("");
        private MemorySegment memory = MemorySegment.NULL;
        private ByteBuffer buffer = ByteBuffer.allocate(0);
        private @Nullable FileChannel channel;

        /** Makes the file, and writes to it once: what is measured is to write over. */
        @Setup
        public void setUp() throws IOException {
            file = Files.createTempFile(Path.of("").toAbsolutePath(), "benchmark", ".direct");
            fd = LibC.open(file.toString(), LibC.O_RDWR | LibC.O_CLOEXEC | O_DIRECT);
            if (fd < 0) {
                throw new IOException(
                        file + " cannot be opened with O_DIRECT: errno " + -fd + "; run in a directory on ext4 or xfs");
            }
            memory = Arena.ofAuto().allocate(length, 4096);
            buffer = memory.asByteBuffer();
            channel = FileChannel.open(file, StandardOpenOption.WRITE, directOption());
            if (LibC.pwrite(fd, memory, 0) != length) {
                throw new IOException(file + " cannot be written with direct I/O");
            }
        }

        /** ExtendedOpenOption.DIRECT, which the compiler warns of. */
        private static OpenOption directOption() {
            try {
                return (OpenOption) Class.forName("com.sun.nio.file.ExtendedOpenOption")
                        .getField("DIRECT")
                        .get(null);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this JDK has no direct I/O", e);
            }
        }

        /** Deletes it. */
        @TearDown
        public void tearDown() throws IOException {
            LibC.close(fd);
            if (channel != null) {
                channel.close();
            }
            Files.delete(file);
        }
    }

    /** A file of data and holes in turn, as a cache file is. */
    @State(Scope.Thread)
    public static class SparseFile {
        private int fd;
        private Path file = Path.of("");
        private long position;

        /** Makes the file. */
        @Setup
        public void setUp() throws IOException {
            file = Files.createTempFile(Path.of("").toAbsolutePath(), "benchmark", ".sparse");
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                for (int i = 0; i < EXTENTS; i++) {
                    channel.write(ByteBuffer.allocate(EXTENT), 2L * i * EXTENT);
                }
                channel.force(true); // or some file systems would still know no extents
            }
            fd = LibC.open(file.toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
        }

        /** Deletes it. */
        @TearDown
        public void tearDown() throws IOException {
            LibC.close(fd);
            Files.delete(file);
        }
    }

    /** A call that fails: errno is read and negated. */
    @Benchmark
    public int failingCall() {
        return LibC.close(-1);
    }

    /** A call that succeeds and does next to nothing. */
    @Benchmark
    public long shortCall(SparseFile sparse) {
        return LibC.lseek(sparse.fd, 0, LibC.SEEK_SET);
    }

    /** An aligned write with direct I/O, as the library does it. */
    @Benchmark
    public long alignedWrite(DirectFile direct) {
        return LibC.pwrite(direct.fd, direct.memory, 0);
    }

    /** The same write through the JDK's channel. */
    @Benchmark
    public int alignedWriteOfChannel(DirectFile direct) throws IOException {
        direct.buffer.clear();
        return direct.channel == null ? -1 : direct.channel.write(direct.buffer, 0);
    }

    /** A look at the hole map: where the next data is, and where it ends. */
    @Benchmark
    public long holeMap(SparseFile sparse) {
        sparse.position = (sparse.position + 2L * EXTENT) % (2L * EXTENTS * EXTENT);
        long data = LibC.lseek(sparse.fd, sparse.position, LibC.SEEK_DATA);
        return LibC.lseek(sparse.fd, data, LibC.SEEK_HOLE);
    }
}
