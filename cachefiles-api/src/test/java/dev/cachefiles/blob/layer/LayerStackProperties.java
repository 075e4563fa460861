// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Any stack of layers gives the right bytes or an exception, never wrong bytes. */
class LayerStackProperties {
    private static final int SIZE = 20_000;
    private static final int CHUNK = 4096;

    /** What may be put over a source, in any order and number. */
    enum Layer {
        RETRY,
        STATS,
        RATE,
        RECORD,
        VERIFY,
        WHOLE,
        TIER,
        FAILOVER,
        FAIL,
        FAIL_FOR_GOOD,
        DELAY
    }

    record Range(int offset, int length) {}

    private final ManualTicker ticker = new ManualTicker();

    @Property(tries = 150)
    void the_right_bytes_or_an_exception(
            @ForAll("stacks") List<Layer> below,
            @ForAll("stacks") List<Layer> above,
            @ForAll("ranges") List<Range> ranges,
            @ForAll long seed)
            throws IOException {
        var blob = new Blob(SIZE);
        blob.identity = "test:blob";
        ChunkDigests digests = ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, blob);
        Path directory = Files.createTempDirectory("layers");
        try (LocalTier lower = LocalTier.open(directory.resolve("lower"), 3 * (CHUNK + 32), CHUNK);
                LocalTier upper = LocalTier.open(directory.resolve("upper"), 1 << 20, 512)) {
            // Whatever lies below the verification may be wrong, and is found out; above it nothing is.
            BlobSource wrong = new CorruptingSource(stack(blob, below, blob, lower, seed), 0.2, seed);
            BlobSource right = new VerifyingSource(wrong, digests);
            try (BlobSource all = stack(right, above, blob, upper, seed + 1)) {
                for (Range range : ranges) {
                    assertReadsOrFails(blob, all, range);
                }
            } catch (IOException e) {
                // a stack that cannot be opened gives nothing
            }
        } finally {
            deleteTree(directory);
        }
    }

    private static void assertReadsOrFails(Blob blob, BlobSource source, Range range) {
        byte[] read;
        try {
            read = Blob.read(source, range.offset, range.length);
        } catch (IOException e) {
            return;
        }
        assertArrayEquals(blob.range(range.offset, range.length), read, source::toString);
    }

    private BlobSource stack(BlobSource source, List<Layer> layers, Blob blob, LocalTier tier, long seed)
            throws IOException {
        BlobSource top = source;
        boolean tiered = false;
        for (Layer layer : layers) {
            if (layer == Layer.TIER && tiered) {
                continue; // two would share the files
            }
            tiered |= layer == Layer.TIER;
            top = layer(layer, top, blob, tier, seed);
        }
        return top;
    }

    private BlobSource layer(Layer layer, BlobSource source, Blob blob, LocalTier tier, long seed) throws IOException {
        return switch (layer) {
            case RETRY -> Retry.builder().ticker(ticker).build().over(source);
            case STATS -> new BlobStats(ticker).over(source);
            case RATE -> new RateLimitedSource(source, new TokenBucket(1 << 20, 100, ticker));
            case RECORD -> new AccessRecorder(source);
            case VERIFY ->
                new VerifyingSource(source, ChunkDigests.compute(DigestAlgorithm.SHA_256, 1536, new Blob(SIZE)));
            case WHOLE ->
                new WholeDigestSource(
                        source,
                        new Digest(
                                DigestAlgorithm.SHA_256,
                                DigestAlgorithm.SHA_256.newDigest().digest(blob.bytes)),
                        1024,
                        null,
                        ticker);
            case TIER -> tier.over(source);
            case FAILOVER ->
                Failover.builder()
                        .mirror("one", key -> new FailingSource(new Blob(SIZE), 0.5, seed))
                        .mirror("two", key -> source)
                        .ticker(ticker)
                        .build()
                        .resolve(Blob.KEY);
            case FAIL -> new FailingSource(source, 0.2, seed);
            case FAIL_FOR_GOOD -> new FailingSource(source, 0.1, seed, () -> new PermanentException("for good"));
            case DELAY -> new DelayingSource(source, Duration.ZERO, Duration.ofMillis(9), seed, ticker);
        };
    }

    @Provide
    Arbitrary<List<Layer>> stacks() {
        return Arbitraries.of(Layer.class).list().ofMaxSize(5);
    }

    @Provide
    Arbitrary<List<Range>> ranges() {
        Arbitrary<Integer> offsets = Arbitraries.integers().between(0, SIZE);
        Arbitrary<Integer> lengths = Arbitraries.integers().between(0, SIZE);
        return Combinators.combine(offsets, lengths)
                .as((offset, length) -> new Range(offset, Math.min(length, SIZE - offset)))
                .list()
                .ofMinSize(1)
                .ofMaxSize(8);
    }

    private static void deleteTree(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path each, IOException failure) throws IOException {
                Files.delete(each);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
