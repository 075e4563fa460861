// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.demo.erofs.BlobReader;
import dev.cachefiles.examples.demo.erofs.ErofsException;
import dev.cachefiles.examples.demo.erofs.ErofsImage;
import dev.cachefiles.examples.demo.erofs.Inode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The files of an EROFS image. */
final class ErofsTree implements FileTree {
    private final ErofsImage image;
    private final Map<String, Inode> inodes = new ConcurrentHashMap<>();

    ErofsTree(BlobReader blobs) throws IOException {
        this.image = ErofsImage.open(blobs);
    }

    /**
     * Lists everything.
     *
     * @throws ErofsException.Compressed if a file is compressed
     */
    @Override
    public List<Item> list() throws IOException {
        var items = new ArrayList<Item>();
        list("", image.root(), new HashSet<>(), items);
        return items;
    }

    private void list(String prefix, Inode directory, Set<Long> above, List<Item> items) throws IOException {
        if (!above.add(directory.nid())) {
            throw new ErofsException(prefix + ": a directory that contains itself");
        }
        for (ErofsImage.Entry entry : image.list(directory)) {
            String path = prefix + entry.name();
            Inode inode = image.inode(entry.inode());
            if (inode.isCompressed()) {
                throw new ErofsException.Compressed();
            }
            Kind kind = kind(inode);
            inodes.put(path, inode);
            items.add(new Item(path, kind, kind == Kind.FILE || kind == Kind.LINK ? inode.size() : 0));
            if (kind == Kind.DIRECTORY) {
                list(path + "/", inode, above, items);
            }
        }
        above.remove(directory.nid());
    }

    private static Kind kind(Inode inode) {
        if (inode.isDirectory()) {
            return Kind.DIRECTORY;
        }
        return inode.isRegular() ? Kind.FILE : inode.isLink() ? Kind.LINK : Kind.OTHER;
    }

    @Override
    public void read(Item item, Sink sink) throws IOException {
        Inode inode = inodes.get(item.path());
        if (inode == null || item.size() == 0) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, inode.size()));
        for (long at = 0; at < inode.size(); at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(CHUNK, inode.size() - at));
            image.read(inode, at, buffer);
            sink.take(buffer.flip());
        }
    }
}
