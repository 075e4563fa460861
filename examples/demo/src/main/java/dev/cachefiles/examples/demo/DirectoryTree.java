// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/** The files below a directory. */
final class DirectoryTree implements FileTree {
    private final Path root;

    DirectoryTree(Path root) {
        this.root = root;
    }

    @Override
    public List<Item> list() throws IOException {
        var items = new ArrayList<Item>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                if (!directory.equals(root)) {
                    items.add(new Item(root.relativize(directory).toString(), Kind.DIRECTORY, 0));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                Kind kind =
                        attributes.isRegularFile() ? Kind.FILE : attributes.isSymbolicLink() ? Kind.LINK : Kind.OTHER;
                items.add(new Item(root.relativize(file).toString(), kind, kind == Kind.OTHER ? 0 : attributes.size()));
                return FileVisitResult.CONTINUE;
            }
        });
        return items;
    }

    @Override
    public void read(Item item, Sink sink) throws IOException {
        Path file = root.resolve(item.path());
        switch (item.kind()) {
            case FILE -> readFile(file, sink);
            case LINK ->
                sink.take(
                        ByteBuffer.wrap(Files.readSymbolicLink(file).toString().getBytes(StandardCharsets.UTF_8)));
            case DIRECTORY, OTHER -> {}
        }
    }

    private static void readFile(Path file, Sink sink) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            while (channel.read(buffer) >= 0) {
                sink.take(buffer.flip());
                buffer.clear();
            }
        }
    }
}
