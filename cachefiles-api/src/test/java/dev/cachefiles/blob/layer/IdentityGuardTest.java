// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityGuardTest {
    private static final BlobKey KEY = Blob.KEY;

    @TempDir
    private Path temporary;

    private final Blob blob = new Blob(10_000);
    private final Set<BlobKey> cached = new HashSet<>();

    /** A guard as after a restart: nothing is known but what is on the disk. */
    private IdentityGuard guard() {
        return new IdentityGuard(temporary.resolve("state/identities"), new IdentityGuard.Cache() {
            @Override
            public boolean mayHave(BlobKey key) {
                return cached.contains(key);
            }

            @Override
            public String wayOut(BlobKey key) {
                return "cull it: cull " + key.printableName();
            }
        });
    }

    private void open(String place, String identity) throws IOException {
        blob.identity = identity;
        assertSame(blob, guard().of(place).over(blob, KEY), "nothing is put around it");
    }

    private void openMirror(String place, String identity) throws IOException {
        blob.identity = identity;
        guard().ofMirror(place).over(blob, KEY);
    }

    @Test
    void whatHasChangedWhileNoOneServedIsRefusedAsLongAsTheCacheHasBytesOfIt() throws Exception {
        open("web", "http://host/blob ETag \"1\"");
        cached.add(KEY);
        open("web", "http://host/blob ETag \"1\"");
        var refused = assertThrows(WrongBytesException.class, () -> open("web", "http://host/blob ETag \"2\""));
        assertEquals(
                "blob: the cache has bytes of another version: of http://host/blob ETag \"1\", and now there is"
                        + " http://host/blob ETag \"2\"; put the former back, or the new one under a new name, or cull"
                        + " it: cull blob",
                refused.getMessage());
        open("web", "http://host/blob ETag \"1\""); // it is back
        cached.clear();
        open("web", "http://host/blob ETag \"2\"");
        cached.add(KEY);
        assertThrows(WrongBytesException.class, () -> open("web", "http://host/blob ETag \"1\""));
    }

    @Test
    void theSourceOfABlobThatIsRefusedIsClosed() throws Exception {
        open("web", "one");
        cached.add(KEY);
        blob.identity = "two";
        BlobResolver resolver = guard().of("web").over(key -> blob);
        assertThrows(WrongBytesException.class, () -> resolver.resolve(KEY));
        assertTrue(blob.closed);
    }

    @Test
    void anotherPlaceMustHaveTheSameIdentity() throws Exception {
        open("web", "sha256:1");
        cached.add(KEY);
        open("registry", "sha256:1");
        assertThrows(WrongBytesException.class, () -> open("registry", "sha256:2"));
        open("web", "sha256:1");
    }

    @Test
    void mirrorsHaveIdentitiesOfTheirOwn() throws Exception {
        openMirror("near", "near 1");
        cached.add(KEY);
        openMirror("far", "far 1");
        assertThrows(WrongBytesException.class, () -> openMirror("far", "far 2"));
        openMirror("near", "near 1");
        open("near", "near 1"); // the configuration was changed
        assertThrows(WrongBytesException.class, () -> open("other", "other 1"));
    }

    @Test
    void whatIsKnownOfMirrorsEndsWhenTheBytesAreGone() throws Exception {
        openMirror("near", "near 1");
        openMirror("far", "far 2"); // nothing was cached of the first
        cached.add(KEY);
        openMirror("near", "near 2");
    }

    @Test
    void blobsAreKnownByNameAndDomain() throws Exception {
        open("web", "one");
        blob.identity = "two";
        for (BlobKey other : new BlobKey[] {
            Blob.key("other"),
            new BlobKey("other", KEY.name()),
            new BlobKey("domain", ByteBuffer.wrap(new byte[] {-1, 0}))
        }) {
            cached.add(other);
            guard().of("web").over(blob, other);
        }
        assertEquals(4, Blob.files(temporary.resolve("state/identities")).size());
    }

    @Test
    void aSourceWithoutAnIdentityIsNotRefusedAndNothingIsForgotten() throws Exception {
        open("web", "one");
        cached.add(KEY);
        open("web", "");
        assertThrows(WrongBytesException.class, () -> open("web", "two"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "cachefiles-identity 1\n", "cut", "changed", "other", "gone", "directory"})
    void whatIsMissingOrDamagedIsUnknownAndWrittenAnew(String damage) throws Exception {
        open("web", "one");
        cached.add(KEY);
        Path file = guard().file(KEY);
        byte[] whole = Files.readAllBytes(file);
        switch (damage) {
            case "cut" -> Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));
            case "changed" -> {
                whole[whole.length / 2] ^= 1;
                Files.write(file, whole);
            }
            case "other" -> {
                BlobKey other = Blob.key("other");
                guard().of("web").over(blob, other);
                Files.copy(guard().file(other), file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
            case "gone" -> Files.delete(file);
            case "directory" -> {
                Files.delete(file);
                Files.createDirectory(file);
            }
            default -> Files.writeString(file, damage);
        }
        open("web", "two");
        if (damage.equals("directory")) {
            Files.delete(file); // which no file could replace; not refused all the same
        } else {
            assertThrows(WrongBytesException.class, () -> open("web", "one"));
            open("web", "two");
        }
    }

    @Test
    void whenNothingCanBeWrittenBlobsAreServedAllTheSame() throws Exception {
        Files.writeString(temporary.resolve("state"), "not a directory");
        open("web", "one");
        cached.add(KEY);
        open("web", "two");
    }

    @Test
    void aCacheThatCannotBeAskedCountsAsOneWithBytes() throws Exception {
        open("web", "one");
        var guard = new IdentityGuard(temporary.resolve("state/identities"), new IdentityGuard.Cache() {
            @Override
            public boolean mayHave(BlobKey key) throws IOException {
                throw new IOException("no");
            }

            @Override
            public String wayOut(BlobKey key) {
                return "wait";
            }
        });
        blob.identity = "two";
        assertThrows(WrongBytesException.class, () -> guard.of("web").over(blob, KEY));
    }

    @Test
    void whatTheCacheHasNoBytesOfIsPruned() throws Exception {
        assertDoesNotThrow(() -> guard().prune(), "before anything was kept");
        BlobKey other = Blob.key("other");
        open("web", "one");
        guard().of("web").over(blob, other);
        Path stray = temporary.resolve("state/identities/x.1" + AtomicFiles.UNFINISHED);
        Files.createFile(stray);
        Path damaged = Files.createFile(guard().file(Blob.key("damaged")));
        cached.add(KEY);
        guard().prune();
        assertTrue(Files.exists(guard().file(KEY)));
        assertTrue(Files.exists(damaged));
        assertFalse(Files.exists(guard().file(other)));
        assertFalse(Files.exists(stray));
        assertThrows(WrongBytesException.class, () -> open("web", "two"));
    }
}
