// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ffm.LinuxCachefilesProvider;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.FileLimit;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import dev.cachefiles.spi.CachefilesProvider;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The running Linux. Mounts and readers are processes of their own. */
final class RealKernelUnderTest implements KernelUnderTest {
    private static final Path DEVICE = CacheOptions.DEFAULT_DEVICE;
    private static final String RANDOM_ACCESS = "1";
    private static final String NORMAL_ACCESS = "0";

    /** The file of an image, and those that are there besides if it is one of triplets. */
    private static final List<String> FILES = List.of("data", "second", "third");

    /** Of all scenarios: an image costs a process. */
    private static final Map<Integer, Image> IMAGES = new ConcurrentHashMap<>();

    private final @Nullable LoopDisk disk;
    private final Path directory;
    private final Closing daemons = new Closing();
    private final List<UserProcess> readers = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Mount>> mounts = new CopyOnWriteArrayList<>();

    RealKernelUnderTest(@Nullable CacheDisk disk) throws IOException {
        this.disk = disk == null ? null : LoopDisk.create(disk.sectorSize(), disk.blockSize());
        this.directory = this.disk == null ? CacheDirectory.create() : this.disk.point();
    }

    @Override
    public CachefilesProvider provider() {
        return new LinuxCachefilesProvider();
    }

    @Override
    public CacheOptions options() {
        return CacheOptions.builder(directory).build();
    }

    @Override
    public boolean isAtLeast(int major, int minor) {
        String[] version = System.getProperty("os.version").split("[.-]", -1);
        int actualMajor = Integer.parseInt(version[0]);
        return actualMajor > major || (actualMajor == major && Integer.parseInt(version[1]) >= minor);
    }

    @Override
    public Image image(int size) throws IOException {
        Image image = IMAGES.get(size);
        if (image == null) {
            image = makeImage(size, 1, "-Enoinline_data");
            IMAGES.put(size, image);
        }
        return image;
    }

    @Override
    public Image imageOfTriplets(int size) throws IOException {
        return makeImage(size, 3, "--chunksize=" + Image.BLOCK);
    }

    private static Image makeImage(int size, int files, String option) throws IOException {
        Path tree = Files.createTempDirectory("tree");
        for (String name : FILES.subList(0, files)) {
            SourceTree.write(tree.resolve(name), new Random(size), size);
        }
        Path made = ErofsImage.make(tree.resolveSibling(tree.getFileName() + ".img"), tree, option);
        byte[] bytes = Files.readAllBytes(made);
        var image = new Image(Arrays.copyOf(bytes, (bytes.length + Image.BLOCK - 1) / Image.BLOCK * Image.BLOCK), size);
        if (Arrays.mismatch(Files.readAllBytes(tree.resolve(FILES.getFirst())), image.content()) >= 0) {
            throw new AssertionError("mkfs.erofs has not put the content of the file after the first block");
        }
        Shell.run("rm", "-r", tree.toString(), made.toString()).orThrow();
        return image;
    }

    @Override
    public int storedFiles(String fsid) throws IOException {
        Path volume = directory.resolve("cache/Ierofs," + fsid);
        if (!Files.exists(volume)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(volume)) {
            return (int) files.filter(Files::isRegularFile).count();
        }
    }

    @Override
    public Mounting mount(MountOptions options) {
        try {
            Path point = Files.createTempDirectory("mnt");
            CompletableFuture<Mount> mount = UserProcess.start(
                            "mount -o " + options, UserProcess.MOUNT, point.toString(), options.toString())
                    .result()
                    .handle((output, failure) -> {
                        if (failure != null) {
                            delete(point);
                            throw new CompletionException(failure);
                        }
                        return new MountedImage(point);
                    });
            mounts.add(mount);
            return new Mounting(options, mount);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<Mounting> mountAll(List<MountOptions> all) {
        List<Path> points = new ArrayList<>();
        List<String> arguments = new ArrayList<>();
        try {
            for (MountOptions options : all) {
                points.add(Files.createTempDirectory("mnt"));
                arguments.add(points.getLast().toString());
                arguments.add(options.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        CompletableFuture<byte[]> errors = UserProcess.start(
                        "mount of " + all.size(), UserProcess.MOUNT_ALL, arguments.toArray(String[]::new))
                .result();
        List<Mounting> mountings = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            int index = i;
            CompletableFuture<Mount> mount = errors.thenApply(bytes -> mounted(points.get(index), bytes[index]));
            mounts.add(mount);
            mountings.add(new Mounting(all.get(i), mount));
        }
        return mountings;
    }

    private Mount mounted(Path point, int error) {
        if (error != 0) {
            delete(point);
            throw new CompletionException(new CachefilesException("mount on " + point, new Errno(error)));
        }
        return new MountedImage(point);
    }

    private static void delete(Path point) {
        try {
            Files.delete(point);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class MountedImage implements Mount {
        private final Path point;
        private volatile boolean mounted = true;

        MountedImage(Path point) {
            this.point = point;
        }

        @Override
        public Reading read(long offset, int length) {
            return start(FILES.getFirst(), UserProcess.READ, offset, length, RANDOM_ACCESS);
        }

        @Override
        public List<Reading> readEach(List<Long> offsets, int length) {
            String name = offsets.size() + " readers of " + point;
            List<String> arguments =
                    new ArrayList<>(List.of(point.resolve(FILES.getFirst()).toString(), Integer.toString(length)));
            offsets.forEach(offset -> arguments.add(offset.toString()));
            UserProcess all = UserProcess.start(name, UserProcess.READ_EACH, arguments.toArray(String[]::new));
            readers.add(all);
            return IntStream.range(0, offsets.size())
                    .mapToObj(i -> new Reading(
                            name,
                            all.result().thenApply(bytes -> Arrays.copyOfRange(bytes, i * length, (i + 1) * length)),
                            all::signal))
                    .toList();
        }

        @Override
        public Reading readTriplet(int index, long offset, int length) {
            return start(FILES.get(index), UserProcess.READ, offset, length, RANDOM_ACCESS);
        }

        @Override
        public Reading readAll(Image image) {
            return start(FILES.getFirst(), UserProcess.READ, 0, image.size(), NORMAL_ACCESS);
        }

        @Override
        public Reading readMapped(long offset, int length) {
            return start(FILES.getFirst(), UserProcess.READ_MAPPED, offset, length);
        }

        private Reading start(String file, String script, long offset, int length, String... more) {
            String name = "reader of " + point + " [" + offset + " +" + length + ")";
            List<String> arguments = new ArrayList<>(
                    List.of(point.resolve(file).toString(), Long.toString(offset), Integer.toString(length)));
            arguments.addAll(List.of(more));
            UserProcess reader = UserProcess.start(name, script, arguments.toArray(String[]::new));
            readers.add(reader);
            return new Reading(name, reader.result(), reader::signal);
        }

        @Override
        public void unmount() throws IOException {
            mounted = false;
            RealKernelUnderTest.unmount(List.of(point));
        }
    }

    private static void unmount(List<Path> points) throws IOException {
        String name = "umount of " + points;
        String[] arguments = points.stream().map(Path::toString).toArray(String[]::new);
        Outcome.value(UserProcess.start(name, UserProcess.UNMOUNT, arguments).result(), name);
        for (Path point : points) {
            Files.delete(point);
        }
    }

    @Override
    public int openFds() {
        return anonymousFds().size();
    }

    private static List<Integer> anonymousFds() {
        List<Integer> found = new ArrayList<>();
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : fds.toList()) {
                try {
                    if (Files.readSymbolicLink(fd).toString().equals("anon_inode:[cachefiles]")) {
                        found.add(Integer.valueOf(fd.getFileName().toString()));
                    }
                } catch (IOException e) {
                    // closed meanwhile, such as the fd of this very listing
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    @Override
    public boolean isDeviceFree() throws IOException {
        try {
            provider().open(DEVICE).close();
            return true;
        } catch (CachefilesException e) {
            if (e.errno().equals(Errno.EBUSY)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void exhaustFds() {
        LibraryClasses.load();
        FileLimit.exhaust();
    }

    @Override
    public void grantFds() {
        FileLimit.restore();
    }

    @Override
    public void closeAtEnd(Closeable what) {
        daemons.add(what);
    }

    @Override
    public void close() throws IOException {
        grantFds();
        try (var last = new Closing()) {
            // Closed in the opposite order. Without a daemon no mount and no reader waits any more.
            last.add(this::deleteCache);
            last.add(this::checkDevice);
            last.add(this::unmountAll);
            last.add(this::endReaders);
            last.add(daemons);
        }
    }

    private void endReaders() {
        for (UserProcess reader : readers) {
            reader.signal(9);
            reader.result().handle((output, failure) -> null).join();
        }
    }

    private void unmountAll() throws IOException {
        List<Path> points = new ArrayList<>();
        for (CompletableFuture<Mount> mount : mounts) {
            if (mount.handle((mounted, failure) -> mounted).join() instanceof MountedImage image && image.mounted) {
                points.add(image.point);
            }
        }
        unmount(points);
    }

    /** A scenario must not spoil those that follow, so what it has left open is closed. */
    private void checkDevice() throws IOException {
        List<Integer> left = anonymousFds();
        left.forEach(LibC::close);
        if (!left.isEmpty() || !isDeviceFree()) {
            throw new AssertionError("the scenario has left " + left.size() + " anonymous fds open, or the device");
        }
    }

    /** Each volume has hundreds of directories; those of all scenarios would use the disk's inodes up. */
    private void deleteCache() throws IOException {
        if (disk != null) {
            disk.close();
        } else {
            Shell.run("rm", "-rf", directory.toString()).orThrow();
        }
    }
}
