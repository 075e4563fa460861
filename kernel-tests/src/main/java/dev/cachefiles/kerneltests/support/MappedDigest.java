// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Prints the SHA-256 of a file that it reads through a mapping, a page fault at a time; a process of its own. */
public final class MappedDigest {

    private MappedDigest() {}

    /**
     * Reads the file.
     *
     * @param args the path
     * @throws Exception if it cannot be read
     */
    public static void main(String[] args) throws Exception {
        try (var file = FileChannel.open(Path.of(args[0]), StandardOpenOption.READ);
                var arena = Arena.ofConfined()) {
            MemorySegment bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes.asByteBuffer());
            System.out.println(HexFormat.of().formatHex(digest.digest()));
        }
    }
}
