// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What is kept of one blob: the identities of the bytes that a cache may have of it, by the names of the places that they
 * come from.
 *
 * <p>On disk these are lines of text, the last of which is the checksum of those before it; words are encoded as in a URL.
 *
 * @param key        the blob
 * @param identities the identities, by places
 */
record IdentityRecord(BlobKey key, Map<String, String> identities) {
    private static final String FIRST_LINE = "cachefiles-identity 1";
    private static final int LONGEST = 1 << 20;

    IdentityRecord(BlobKey key) {
        this(key, new LinkedHashMap<>());
    }

    /** Reads a file; throws if it is not whole. */
    static IdentityRecord read(Path file) throws IOException {
        if (Files.size(file) > LONGEST) {
            throw new IOException(file + ": is too long for what it should be");
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        int end = text.lastIndexOf("sum ");
        if (end < 0 || !text.substring(end).equals(sum(text.substring(0, end)))) {
            throw new IOException(file + ": is damaged");
        }
        try {
            return parse(text.substring(0, end).lines().toList());
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(file + ": is not of this version", e);
        }
    }

    private static IdentityRecord parse(List<String> lines) {
        if (!lines.getFirst().equals(FIRST_LINE)) {
            throw new IllegalArgumentException(lines.getFirst());
        }
        String[] blob = words(lines.get(1), "blob");
        var found = new IdentityRecord(
                new BlobKey(blob[1], ByteBuffer.wrap(HexFormat.of().parseHex(blob[2]))));
        for (String line : lines.subList(2, lines.size())) {
            String[] identity = words(line, "identity");
            found.identities.put(identity[1], identity[2]);
        }
        return found;
    }

    private static String[] words(String line, String kind) {
        String[] words = line.split(" ", -1);
        if (words.length != 3 || !words[0].equals(kind)) {
            throw new IllegalArgumentException(line);
        }
        words[1] = URLDecoder.decode(words[1], StandardCharsets.UTF_8);
        words[2] = URLDecoder.decode(words[2], StandardCharsets.UTF_8);
        return words;
    }

    void write(Path file) throws IOException {
        byte[] name = new byte[key.name().remaining()];
        key.name().get(name);
        var text = new StringBuilder(FIRST_LINE)
                .append("\nblob ")
                .append(encode(key.domain()))
                .append(' ')
                .append(HexFormat.of().formatHex(name))
                .append('\n');
        identities.forEach((place, identity) -> text.append("identity ")
                .append(encode(place))
                .append(' ')
                .append(encode(identity))
                .append('\n'));
        text.append(sum(text.toString()));
        AtomicFiles.writeDurably(file, ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static String encode(String word) {
        return URLEncoder.encode(word, StandardCharsets.UTF_8);
    }

    private static String sum(String text) {
        var sum = new CRC32C();
        sum.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return "sum " + HexFormat.of().toHexDigits((int) sum.getValue()) + "\n";
    }
}
