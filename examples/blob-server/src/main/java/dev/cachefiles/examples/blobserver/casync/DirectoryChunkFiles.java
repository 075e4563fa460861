// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.WrongBytesException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A chunk store in a directory, as {@code casync make} leaves it. */
final class DirectoryChunkFiles implements ChunkFiles {
    private final Path directory;

    DirectoryChunkFiles(Path directory) {
        this.directory = directory;
    }

    @Override
    public byte[] read(String path, int most) throws IOException {
        Path file = directory.resolve(path);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            long size = channel.size();
            if (size > most) {
                throw new WrongBytesException(
                        file + " has " + size + " bytes, more than the " + most + " that it can" + " have");
            }
            var bytes = ByteBuffer.allocate((int) size);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new EOFException(file + " ends before byte " + size);
                }
            }
            return bytes.array();
        }
    }

    @Override
    public boolean isRemote() {
        return false;
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
