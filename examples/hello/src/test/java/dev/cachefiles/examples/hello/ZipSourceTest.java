// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source of another kind than web servers, and how the page on sources says to try one. */
class ZipSourceTest {
    private static final int SIZE = 3_000_100;

    @TempDir
    private Path directory;

    private final byte[] content = new byte[SIZE];
    private Path archive;

    /** A member of a zip file. It is unpacked from its beginning; what lies before a range is passed over. */
    private record ZipSource(ZipFile zip, ZipEntry member) implements BlobSource {
        static BlobResolver in(ZipFile zip) {
            return key -> {
                String name = key.fileName().orElseThrow(() -> new AccessDeniedException(key.printableName()));
                ZipEntry member = zip.getEntry(name);
                if (member == null) {
                    throw new NoSuchFileException(name);
                }
                return new ZipSource(zip, member);
            };
        }

        @Override
        public long size() {
            return member.getSize();
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            try (InputStream bytes = zip.getInputStream(member)) {
                bytes.skipNBytes(offset);
                byte[] range = bytes.readNBytes(Math.toIntExact(target.byteSize()));
                if (range.length < target.byteSize()) {
                    throw new EOFException("has only " + (offset + range.length) + " bytes");
                }
                target.copyFrom(MemorySegment.ofArray(range));
            } catch (ZipException | EOFException e) {
                throw new WrongBytesException(member + " in " + zip.getName() + ": " + e.getMessage(), e);
            }
        }
    }

    @BeforeEach
    void pack() throws IOException {
        new Random(1).nextBytes(content);
        archive = directory.resolve("blobs.zip");
        try (var zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            zip.putNextEntry(new ZipEntry("image.erofs"));
            zip.write(content);
        }
    }

    @Test
    void a_mount_of_a_member_has_its_bytes() throws Exception {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            BlobResolver blobs = ZipSource.in(zip);
            // [try]
            FakeKernel kernel = FakeKernel.create();
            CacheOptions cache = CacheOptions.builder(Path.of("/cache")).build();
            try (var handler = new BlobHandler(blobs);
                    var _ = OnDemandServer.builder(CachefilesChannel.open(cache, kernel))
                            .handler(handler)
                            .start();
                    FakeMount mount = kernel.mount("image.erofs")) {
                assertArrayEquals(content, mount.read(0, content.length));
                assertThrows(CachefilesException.class, () -> kernel.mount("absent"));
            }
            KernelAssert.assertThat(kernel).isClean();
            // [/try]
        }
    }
}
