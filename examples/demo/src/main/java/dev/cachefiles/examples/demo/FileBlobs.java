// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.demo.erofs.BlobReader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/** Reads blobs straight from their files: what the detour through the kernel is compared with. */
final class FileBlobs implements BlobReader, Closeable {
    private final List<FileChannel> channels = new ArrayList<>();

    FileBlobs(List<Blob> blobs) throws IOException {
        for (Blob blob : blobs) {
            channels.add(FileChannel.open(blob.file()));
        }
    }

    @Override
    public void read(int blob, long offset, ByteBuffer target) throws IOException {
        if (offset < 0) {
            throw new EOFException("blob " + blob + " has no byte " + offset);
        }
        long at = offset;
        while (target.hasRemaining()) {
            int n = channels.get(blob).read(target, at);
            if (n < 0) {
                throw new EOFException("blob " + blob + " ends at byte " + at);
            }
            at += n;
        }
    }

    @Override
    public int count() {
        return channels.size();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : channels) {
            channel.close();
        }
    }
}
