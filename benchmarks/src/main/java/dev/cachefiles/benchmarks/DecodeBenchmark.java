// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.CookieKey;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageDecoder;
import dev.cachefiles.protocol.MessageEncoder;
import dev.cachefiles.protocol.MessageLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to make a message of the kernel's bytes. One READ per miss is decoded, one OPEN per mount.
 *
 * <p>Run with {@code -prof gc}: a READ should allocate its one record and nothing else.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class DecodeBenchmark {
    private final MemorySegment buffer = Arena.ofAuto().allocate(2 * MessageLayout.MAX_SIZE, Long.BYTES);
    private final MemorySegment read = buffer.asSlice(0, MessageLayout.MAX_SIZE);
    private final MemorySegment open = buffer.asSlice(MessageLayout.MAX_SIZE);
    private final int readLength = put(read, new Message.Read(7, 5, 4096, 131072));
    private final int openLength =
            put(open, new Message.Open(3, 5, 17, 0, VolumeKey.of("erofs,domain"), CookieKey.of("image.erofs")));

    /** Decodes a READ. */
    @Benchmark
    public Message decodeRead() throws ProtocolException {
        return MessageDecoder.decode(read, readLength);
    }

    /** Decodes an OPEN with keys of usual length. */
    @Benchmark
    public Message decodeOpen() throws ProtocolException {
        return MessageDecoder.decode(open, openLength);
    }

    private static int put(MemorySegment target, Message message) {
        byte[] bytes = MessageEncoder.encode(message);
        target.copyFrom(MemorySegment.ofArray(bytes));
        return bytes.length;
    }
}
