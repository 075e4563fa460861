// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.demo.erofs.BlobReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The blobs themselves, as files: for images whose files cannot be looked at. */
final class BlobTree implements FileTree {
    private final BlobReader blobs;
    private final List<Blob> known;

    BlobTree(BlobReader blobs, List<Blob> known) {
        this.blobs = blobs;
        this.known = List.copyOf(known);
    }

    @Override
    public List<Item> list() {
        var items = new ArrayList<Item>();
        for (Blob blob : known) {
            items.add(new Item(blob.name(), Kind.FILE, blob.size()));
        }
        return items;
    }

    @Override
    public void read(Item item, Sink sink) throws IOException {
        int index = 0;
        while (!known.get(index).name().equals(item.path())) {
            index++;
        }
        ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
        for (long at = 0; at < item.size(); at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(CHUNK, item.size() - at));
            blobs.read(index, at, buffer);
            sink.take(buffer.flip());
        }
    }
}
