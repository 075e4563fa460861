// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

/** Random bytes in memory, as a source that notes its calls and fails when told to. */
class Blob implements BlobSource {
    static final BlobKey KEY = key("blob");

    final byte[] bytes;
    final List<String> calls = new ArrayList<>();

    /** What the next calls throw. */
    final ConcurrentLinkedQueue<IOException> failures = new ConcurrentLinkedQueue<>();

    String identity = "";
    boolean viewed;
    boolean closed;

    Blob(int size) {
        this(size, 1);
    }

    Blob(int size, long seed) {
        bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
    }

    static BlobKey key(String name) {
        return new BlobKey("domain", ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8)));
    }

    Blob failing(IOException... next) {
        failures.addAll(List.of(next));
        return this;
    }

    @Override
    public long size() throws IOException {
        called("size");
        return bytes.length;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        called("read " + offset + "+" + target.byteSize());
        MemorySegment.copy(bytes, (int) offset, target, ValueLayout.JAVA_BYTE, 0, (int) target.byteSize());
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        if (!viewed) {
            return Optional.empty();
        }
        called("view " + offset + "+" + length);
        return Optional.of(MemorySegment.ofArray(bytes).asSlice(offset, length));
    }

    @Override
    public String identity() {
        return identity;
    }

    private synchronized void called(String call) throws IOException {
        calls.add(call);
        IOException failure = failures.poll();
        if (failure != null) {
            throw failure;
        }
    }

    synchronized int reads() {
        return (int) calls.stream().filter(call -> call.startsWith("read")).count();
    }

    @Override
    public void close() {
        closed = true;
    }

    byte[] range(long offset, int length) {
        return Arrays.copyOfRange(bytes, (int) offset, (int) offset + length);
    }

    /** What a directory holds. */
    static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Reads a range of any source. */
    static byte[] read(BlobSource source, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Math.max(1, length)).asSlice(0, length);
            source.read(offset, memory);
            return memory.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Reads a range of a source over this one, which must give the right bytes. */
    void assertReads(BlobSource source, long offset, int length) throws IOException {
        assertArrayEquals(range(offset, length), read(source, offset, length), () -> offset + "+" + length);
    }
}
