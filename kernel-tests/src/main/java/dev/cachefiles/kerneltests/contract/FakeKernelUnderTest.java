// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeKernelBuilder;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import dev.cachefiles.testkit.KernelProfile;
import dev.cachefiles.testkit.MountSpec;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The kernel made of Java objects; each process of the scenario is a thread. */
final class FakeKernelUnderTest implements KernelUnderTest {
    private static final long ELSEWHERE = 1L << 40;
    private static final int FIRST_FD = 3;
    private static final int DEFAULT_FD_LIMIT = 1024;

    private final FakeKernel kernel;
    private final KernelProfile profile;
    private final Closing daemons = new Closing();
    private final List<Thread> readers = new CopyOnWriteArrayList<>();
    private final List<FakeMount> mounts = new CopyOnWriteArrayList<>();

    FakeKernelUnderTest(KernelProfile profile, @Nullable CacheDisk disk, @Nullable FakeKernelOnly state) {
        this.profile = profile;
        FakeKernelBuilder builder = FakeKernel.builder().profile(profile);
        if (disk != null) {
            builder.sectorSize(disk.sectorSize()).blockSize(disk.blockSize());
        }
        if (state != null) {
            builder.firstMessageId(state.firstMessageId());
        }
        this.kernel = builder.build();
    }

    @Override
    public CachefilesProvider provider() {
        return kernel;
    }

    @Override
    public CacheOptions options() {
        return CacheOptions.builder(Path.of("/cache")).build();
    }

    @Override
    public boolean isAtLeast(int major, int minor) {
        return switch (profile) {
            case LINUX_5_19 -> major < 5 || (major == 5 && minor <= 19);
            case LINUX_6_1 -> major < 6 || (major == 6 && minor <= 1);
            case LINUX_6_12 -> major < 6 || (major == 6 && minor <= 12);
        };
    }

    @Override
    public Image image(int size) {
        byte[] bytes = new byte[Image.BLOCK + (size + Image.BLOCK - 1) / Image.BLOCK * Image.BLOCK];
        new Random(size).nextBytes(bytes);
        Arrays.fill(bytes, Image.BLOCK + size, bytes.length, (byte) 0);
        return new Image(bytes, size);
    }

    @Override
    public Mounting mount(MountOptions options) {
        MountSpec spec = MountSpec.of(options.fsid());
        if (options.domain() != null) {
            spec = spec.domain(options.domain());
        }
        for (String device : options.devices()) {
            spec = spec.device(device);
        }
        MountSpec mounted = spec;
        var result = new CompletableFuture<Mount>();
        start(() -> mount(mounted), result);
        return new Mounting(options, result);
    }

    private Mount mount(MountSpec spec) throws IOException {
        FakeMount mount = kernel.mount(spec);
        try {
            mount.read(0, Image.BLOCK); // the superblock
        } catch (Throwable t) {
            mount.close();
            throw t;
        }
        mounts.add(mount);
        return new MountedImage(mount);
    }

    /** The file begins after the first block, as in an {@link Image}. */
    private final class MountedImage implements Mount {
        private final FakeMount mount;

        MountedImage(FakeMount mount) {
            this.mount = mount;
        }

        @Override
        public Reading read(long offset, int length) {
            var result = new CompletableFuture<byte[]>();
            Thread thread = start(
                    () -> {
                        try {
                            // The fake reads ahead where the last reader of the mount has ended, whoever that was.
                            mount.read(ELSEWHERE, 0);
                            return mount.read(Image.BLOCK + offset, length);
                        } catch (InterruptedIOException e) {
                            throw new KilledException(0);
                        }
                    },
                    result);
            readers.add(thread);
            return new Reading("read " + mount + " [" + offset + " +" + length + ")", result, s -> thread.interrupt());
        }

        @Override
        public Reading readTriplet(int index, long offset, int length) {
            return read(offset, length);
        }

        @Override
        public Reading readAll(Image image) {
            return read(0, image.size());
        }

        @Override
        public Reading readMapped(long offset, int length) {
            throw new UnsupportedOperationException("the fake has no mappings");
        }

        @Override
        public void unmount() throws IOException {
            mounts.remove(mount);
            mount.unmount();
        }
    }

    private static <T> Thread start(Callable<? extends T> action, CompletableFuture<T> result) {
        return Thread.ofVirtual().start(() -> {
            try {
                result.complete(action.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
    }

    @Override
    public Image imageOfTriplets(int size) {
        return image(size);
    }

    @Override
    public int storedFiles(String fsid) {
        return kernel.disk().holds(VolumeKey.of("erofs," + fsid), CookieKey.of(fsid)) ? 1 : 0;
    }

    @Override
    public int openFds() {
        return kernel.openFds();
    }

    @Override
    public boolean isDeviceFree() {
        return !kernel.isDeviceBusy();
    }

    @Override
    public void exhaustFds() {
        kernel.process().limitFds(FIRST_FD);
    }

    @Override
    public void grantFds() {
        kernel.process().limitFds(DEFAULT_FD_LIMIT);
    }

    @Override
    public void closeAtEnd(Closeable what) {
        daemons.add(what);
    }

    @Override
    public void close() throws IOException {
        grantFds();
        daemons.close();
        for (Thread reader : readers) {
            reader.interrupt();
            join(reader);
        }
        for (FakeMount mount : mounts) {
            mount.close();
        }
        KernelAssert.assertThat(kernel).isClean();
    }

    private static void join(Thread reader) {
        try {
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + reader, e);
        }
    }
}
