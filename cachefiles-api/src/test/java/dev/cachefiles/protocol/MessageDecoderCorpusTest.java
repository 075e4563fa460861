// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The inputs from which the fuzzing of the decoder starts, and those that it has found: kept as files. */
@EnabledIf("isLittleEndian")
class MessageDecoderCorpusTest {
    private static final Path CORPUS = Path.of("src/test/fuzz/message-decoder");

    /** The files are the messages of a little-endian machine. */
    static boolean isLittleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    /** Messages of each kind, and what is wrong with one in each way that the decoder knows. */
    private static Map<String, byte[]> seeds() {
        Map<String, byte[]> seeds = new LinkedHashMap<>();
        byte[] open = MessageEncoder.encode(
                new Message.Open(7, 1, 12, 0, VolumeKey.of("erofs,domain"), CookieKey.of("image")));
        byte[] read = MessageEncoder.encode(new Message.Read(8, 1, 4096, 131_072));
        byte[] close = MessageEncoder.encode(new Message.Close(9, 1));
        seeds.put("open", open);
        seeds.put(
                "open-longest",
                MessageEncoder.encode(new Message.Open(
                        -1, Integer.MAX_VALUE, 1023, 0, VolumeKey.of("v".repeat(255)), CookieKey.of("c".repeat(255)))));
        seeds.put(
                "open-empty-keys",
                MessageEncoder.encode(new Message.Open(0, 1, 3, 0, VolumeKey.of(""), CookieKey.of(""))));
        seeds.put("read", read);
        seeds.put("read-last", MessageEncoder.encode(new Message.Read(8, 1, Long.MAX_VALUE - 4096, 4096)));
        seeds.put("close", close);
        seeds.put("close-unknown", MessageEncoder.encode(new Message.Close(9, -1)));
        seeds.put("empty", new byte[0]);
        seeds.put("open-cut", Arrays.copyOf(open, 40));
        seeds.put("open-head", with(Arrays.copyOf(open, 20), 8, 20));
        seeds.put("open-negative-fd", with(open, 24, -1));
        seeds.put("open-keys-too-long", with(open, 16, Integer.MAX_VALUE));
        seeds.put("open-no-nul", with(with(open, 16, 12), 20, 6));
        seeds.put("read-negative-offset", with(read, 20, -1));
        seeds.put("read-nothing", with(with(read, 24, 0), 28, 0));
        seeds.put("close-long", with(Arrays.copyOf(close, 24), 8, 24));
        seeds.put("opcode-unknown", with(close, 4, 3));
        return seeds;
    }

    private static byte[] with(byte[] message, int at, int value) {
        byte[] changed = message.clone();
        for (int i = 0; i < Integer.BYTES; i++) {
            changed[at + i] = (byte) (value >>> (8 * i));
        }
        return changed;
    }

    static List<Path> corpus() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void each_input_gives_a_message_that_encodes_to_it_or_a_protocol_exception(Path input) throws IOException {
        boolean valid = MessageDecoderFuzz.decodes(Files.readAllBytes(input));
        byte[] seed = seeds().get(input.getFileName().toString());
        if (seed != null) {
            assertEquals(isValid(input.getFileName().toString()), valid);
        }
    }

    private static boolean isValid(String seed) {
        return List.of("open", "open-longest", "open-empty-keys", "read", "read-last", "close", "close-unknown")
                .contains(seed);
    }

    /** With {@code -Dcachefiles.corpus=write} they are written anew. */
    @Test
    void the_seeds_are_there() throws IOException {
        for (Map.Entry<String, byte[]> seed : seeds().entrySet()) {
            Path file = CORPUS.resolve(seed.getKey());
            if ("write".equals(System.getProperty("cachefiles.corpus"))) {
                Files.createDirectories(CORPUS);
                Files.write(file, seed.getValue());
            }
            assertTrue(Files.exists(file), file + " is missing");
            assertArrayEquals(seed.getValue(), Files.readAllBytes(file), file.toString());
        }
    }
}
