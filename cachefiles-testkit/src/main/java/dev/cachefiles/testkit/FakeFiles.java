// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.cache.ObjectPath;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The disk's caches as a tree of directories and files; besides them there is nothing. Takes the kernel's lock in each
 * call but those that say so.
 */
final class FakeFiles implements CacheFiles {
    private static final int EINVAL = KernelCore.error(Errno.EINVAL);
    private static final int ENOENT = KernelCore.error(Errno.ENOENT);
    private static final int ENOTDIR = KernelCore.error(Errno.ENOTDIR);
    private static final int EBADF = KernelCore.error(Errno.EBADF);
    private static final int ENODATA = -61;
    private static final int ENOTEMPTY = -39;
    private static final int ATTRIBUTE_SIZE = 18;
    private static final int ATTRIBUTE_TYPE = 16;
    private static final int FIRST_HANDLE = 1000;

    private final KernelCore core;
    private final Map<Integer, Node> open = new HashMap<>();
    private final Map<Object, Long> inodes = new HashMap<>();
    private int nextHandle = FIRST_HANDLE;

    /** A directory or file of the tree. */
    sealed interface Node {
        /** What was bound. */
        record Root(String path) implements Node {}

        /** One of the two in it. */
        record Half(String path, boolean isGraveyard) implements Node {
            String name() {
                return isGraveyard ? "graveyard" : "cache";
            }
        }

        /** A volume. */
        record Volume(Disk.Directory directory) implements Node {}

        /** A directory in a volume. */
        record Fan(Disk.Directory directory, int number) implements Node {}

        /** A file. */
        record Plain(Disk.Name name) implements Node {}
    }

    FakeFiles(KernelCore core) {
        this.core = core;
    }

    /** What a number stands for; null for nothing. With the kernel's lock held. */
    @Nullable
    Node node(int handle) {
        return open.get(handle);
    }

    /** The commands {@code cull} and {@code inuse} in a directory. With the kernel's lock held. */
    int cull(Node directory, byte[] name, boolean really) {
        Node node = find(directory, name);
        if (node == null) {
            return ENOENT;
        }
        if (isInUse(node)) {
            return KernelCore.error(Errno.EBUSY);
        }
        if (really) {
            switch (node) {
                case Node.Volume volume -> core.disk.bury(volume.directory);
                case Node.Plain file -> core.disk.remove(file.name);
                case Node.Fan fan -> throw core.journal.misuse("cull of the single directory " + fan);
                case Node.Root root -> throw core.journal.misuse("cull of the cache " + root);
                case Node.Half half -> throw core.journal.misuse("cull of the directory " + half);
            }
        }
        return 0;
    }

    private boolean isInUse(Node node) {
        return switch (node) {
            case Node.Root root -> false;
            case Node.Half half -> core.records.isBound(half.path);
            case Node.Volume volume -> core.disk.isInUse(volume.directory);
            case Node.Fan fan -> core.disk.isInUse(fan.directory);
            case Node.Plain file -> core.disk.isInUse(file.name);
        };
    }

    private @Nullable Node find(Node directory, byte[] bytes) {
        String name = new String(bytes, StandardCharsets.ISO_8859_1);
        return switch (directory) {
            case Node.Root root ->
                name.equals("cache") || name.equals("graveyard")
                        ? new Node.Half(root.path, name.equals("graveyard"))
                        : null;
            case Node.Half half when name.equals("..") -> new Node.Root(half.path);
            case Node.Half half ->
                core.disk.volumes(half.path, half.isGraveyard).stream()
                        .filter(volume -> name.equals(nameOf(volume)))
                        .findAny()
                        .map(Node.Volume::new)
                        .orElse(null);
            case Node.Volume volume
            when name.equals("..") ->
                new Node.Half(volume.directory.root(), !volume.directory.grave().isEmpty());
            case Node.Volume volume ->
                fanOuts(volume).stream()
                        .filter(number -> name.equals(nameOf(number)))
                        .findAny()
                        .map(number -> new Node.Fan(volume.directory, number))
                        .orElse(null);
            case Node.Fan fan when name.equals("..") -> new Node.Volume(fan.directory);
            case Node.Fan fan -> {
                Disk.Name file = core.disk.files(fan.directory, fan.number).get(name);
                yield file == null ? null : new Node.Plain(file);
            }
            case Node.Plain file -> null;
        };
    }

    private SortedSet<Integer> fanOuts(Node.Volume volume) {
        SortedSet<Integer> found = core.disk.fanOuts(volume.directory);
        return found == null ? java.util.Collections.emptySortedSet() : found;
    }

    private static String nameOf(Disk.Directory directory) {
        return directory.grave().isEmpty()
                ? new String(ObjectPath.volumeName(directory.volume()), StandardCharsets.ISO_8859_1)
                : directory.grave();
    }

    private static String nameOf(int fanOut) {
        return String.format("@%02x", fanOut);
    }

    private List<String> namesIn(Node directory) {
        return switch (directory) {
            case Node.Root root -> List.of("cache", "graveyard");
            case Node.Half half ->
                core.disk.volumes(half.path, half.isGraveyard).stream()
                        .map(FakeFiles::nameOf)
                        .toList();
            case Node.Volume volume ->
                fanOuts(volume).stream().map(FakeFiles::nameOf).toList();
            case Node.Fan fan ->
                List.copyOf(core.disk.files(fan.directory, fan.number).keySet());
            case Node.Plain file -> List.of();
        };
    }

    @Override
    public int openRoot(Path directory) {
        return locked(() ->
                core.records.wasBound(directory.toString()) ? opened(new Node.Root(directory.toString())) : ENOENT);
    }

    private int opened(Node node) {
        int handle = nextHandle++;
        open.put(handle, node);
        return handle;
    }

    @Override
    public int openDirectory(int directory, byte[] name) {
        return open(directory, name, false, ENOTDIR);
    }

    @Override
    public int openFile(int directory, byte[] name) {
        return open(directory, name, true, EINVAL);
    }

    private int open(int directory, byte[] name, boolean file, int otherwise) {
        return locked(() -> {
            Node parent = open.get(directory);
            if (parent == null) {
                return EBADF;
            }
            Node node = find(parent, name);
            if (node == null) {
                return ENOENT;
            }
            return node instanceof Node.Plain == file ? opened(node) : otherwise;
        });
    }

    @Override
    public void close(int handle) {
        locked(() -> {
            if (open.remove(handle) == null) {
                throw core.journal.misuse("close of a directory or file that is not open: " + handle);
            }
            return 0;
        });
    }

    /** How many directories and files are open. */
    int openHandles() {
        return locked(open::size);
    }

    @Override
    public int names(int directory, Consumer<byte[]> names) {
        List<String> found = new ArrayList<>();
        int result = locked(() -> {
            Node node = open.get(directory);
            if (node == null) {
                return EBADF;
            }
            found.addAll(namesIn(node));
            return 0;
        });
        found.forEach(name -> names.accept(name.getBytes(StandardCharsets.ISO_8859_1)));
        return result;
    }

    @Override
    public FileStatus status(int directory, byte[] name) {
        return locked(() -> {
            Node parent = open.get(directory);
            Node node = parent == null ? null : find(parent, name);
            return node == null ? FileStatus.failed(parent == null ? EBADF : ENOENT) : statusOf(node);
        });
    }

    @Override
    public FileStatus status(int handle) {
        return locked(() -> {
            Node node = open.get(handle);
            return node == null ? FileStatus.failed(EBADF) : statusOf(node);
        });
    }

    /** Inodes are given out as nodes are looked at. */
    private FileStatus statusOf(Node node) {
        long inode = inodes.computeIfAbsent(node, n -> (long) inodes.size() + 2);
        if (node instanceof Node.Plain file) {
            if (!isThere(file)) {
                return FileStatus.failed(ENOENT);
            }
            Disk.Stored stored = core.disk.stored(file.name);
            return new FileStatus(
                    0,
                    FileStatus.Type.FILE,
                    false,
                    1,
                    inode,
                    stored.file().size(),
                    stored.file().allocatedBytes(),
                    stored.used());
        }
        return new FileStatus(0, FileStatus.Type.DIRECTORY, false, 1, inode, core.disk.blockSize(), 0, Instant.EPOCH);
    }

    private boolean isThere(Node.Plain file) {
        ObjectPath path = file.name.path();
        return core.disk.files(file.name.directory(), path.fanOut()).containsKey(path.fileName());
    }

    @Override
    public FreeSpace space(int handle) {
        return locked(() -> new FreeSpace(
                0,
                core.disk.blockSize(),
                core.disk.blocks(),
                core.disk.freeBlocks(),
                core.disk.inodes(),
                core.disk.freeInodes()));
    }

    @Override
    public int sync(int handle) {
        return locked(() -> open.containsKey(handle) ? 0 : EBADF);
    }

    /** As in fs/cachefiles/xattr.c: the size of the object, a zero, a type and a content. */
    @Override
    public int attribute(int file, String name, MemorySegment target) {
        return locked(() -> {
            if (!(open.get(file) instanceof Node.Plain plain)) {
                return EBADF;
            }
            if (!name.equals("user.CacheFiles.cache")) {
                return ENODATA;
            }
            if (target.byteSize() < ATTRIBUTE_SIZE) {
                return KernelCore.error(Errno.ERANGE);
            }
            target.asSlice(0, ATTRIBUTE_SIZE).fill((byte) 0);
            target.set(
                    ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN),
                    0,
                    core.disk.stored(plain.name).objectSize());
            target.set(ValueLayout.JAVA_BYTE, ATTRIBUTE_TYPE, (byte) 1);
            return ATTRIBUTE_SIZE;
        });
    }

    @Override
    public long read(int file, MemorySegment target, long position) {
        return locked(() -> {
            if (!(open.get(file) instanceof Node.Plain plain)) {
                return (long) EBADF;
            }
            BackingFile stored = core.disk.stored(plain.name).file();
            int length = (int) Math.max(0, Math.min(target.byteSize(), stored.size() - position));
            byte[] bytes = new byte[length];
            stored.read(position, bytes, 0, length);
            MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, 0, length);
            return (long) length;
        });
    }

    @Override
    public long seekData(int file, long position) {
        return seek(file, position, true);
    }

    @Override
    public long seekHole(int file, long position) {
        return seek(file, position, false);
    }

    private long seek(int file, long position, boolean data) {
        return locked(() -> {
            if (!(open.get(file) instanceof Node.Plain plain)) {
                return (long) EBADF;
            }
            BackingFile stored = core.disk.stored(plain.name).file();
            long found = data ? stored.seekData(position) : stored.seekHole(position);
            return found < 0 ? KernelCore.error(Errno.ENXIO) : found;
        });
    }

    @Override
    public int removeFile(int directory, byte[] name) {
        return locked(() -> {
            Node parent = open.get(directory);
            Node node = parent == null ? null : find(parent, name);
            if (node == null) {
                return parent == null ? EBADF : ENOENT;
            }
            if (!(node instanceof Node.Plain file)) {
                return KernelCore.error(new Errno(21)); // EISDIR
            }
            core.disk.remove(file.name);
            return 0;
        });
    }

    @Override
    public int removeDirectory(int directory, byte[] name) {
        return locked(() -> {
            Node parent = open.get(directory);
            Node node = parent == null ? null : find(parent, name);
            if (node == null) {
                return parent == null ? EBADF : ENOENT;
            }
            if (isInUse(node)) {
                return KernelCore.error(Errno.EBUSY);
            }
            return switch (node) {
                case Node.Volume volume -> core.disk.removeVolume(volume.directory) ? 0 : ENOTEMPTY;
                case Node.Fan fan -> core.disk.removeFanOut(fan.directory, fan.number) ? 0 : ENOTEMPTY;
                case Node.Plain file -> ENOTDIR;
                case Node.Root root -> ENOTEMPTY;
                case Node.Half half -> ENOTEMPTY;
            };
        });
    }

    private <T> T locked(Supplier<T> call) {
        core.lock.lock();
        try {
            return call.get();
        } finally {
            core.lock.unlock();
        }
    }
}
