// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every OPEN and READ is answered exactly once, by the handler or for it. */
class AnsweringTest extends DaemonTest {
    private static final int SIZE = 50_000;

    private final TestBlob blob = new TestBlob(SIZE);

    @AfterEach
    void noAnswerWasOneTooMany() {
        assertEquals(0, kernel.counters().refusedAnswers());
    }

    @Test
    void aShortFillFailsTheReaderAndTheNextReadWorks() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            private int reads;

            @Override
            public void read(ReadRequest request) throws IOException {
                reads++;
                if (reads > 2) {
                    super.read(request);
                } else if (reads == 1) {
                    put(request, request.offset() + 4096, request.length() - 4096);
                }
            }
        });
        FakeMount mount = kernel.mount("a");
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, SIZE))
                        .errno());
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        daemon.close();
        assertEquals(2, daemon.readFailures.size());
        assertInstanceOf(EOFException.class, daemon.readFailures.getFirst());
    }

    @Test
    void aFillThatLacksItsEndCountsAsAFailureToo() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                put(request, request.offset(), Math.max(4096, request.length() - 4096));
            }
        });
        assertArrayEquals(blob.range(0, 40_960), kernel.mount("a").read(0, 40_960));
        daemon.close();
        assertEquals(1, daemon.readFailures.size(), "the kernel has asked for the rest, and got it");
    }

    @Test
    void whatWasThereBeforeCountsAsFilled() throws Exception {
        var daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                for (long at = SIZE / 4096 * 4096; at >= 0; at -= 4096) {
                    put(request, at, 4096);
                }
            }
        });
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.close();
        assertEquals(List.of(), daemon.readFailures);
        assertEquals(1, daemon.reads.size());
    }

    @Test
    void aHandlerMayCompleteByItself() throws Exception {
        var outcomes = new CopyOnWriteArrayList<Boolean>();
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                assertFalse(request.isAnswered());
                outcomes.add(request.complete());
                assertTrue(request.isAnswered());
                assertThrows(IllegalStateException.class, request::complete);
                assertThrows(IllegalStateException.class, request::fail);
            }
        });
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.close();
        assertEquals(List.of(true), outcomes);
        assertEquals(List.of(), daemon.readFailures);
    }

    @Test
    void aHandlerThatCompletesWithoutDataIsToldSo() throws Exception {
        var outcomes = new CopyOnWriteArrayList<Boolean>();
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) {
                outcomes.add(request.complete());
            }
        });
        FakeMount mount = kernel.mount("a");
        assertThrows(CachefilesException.class, () -> mount.read(0, SIZE));
        daemon.close();
        assertEquals(List.of(false, false), outcomes);
        assertEquals(2, daemon.readFailures.size());
    }

    @Test
    void aHandlerMayFailByItself() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                request.fail();
            }
        });
        // The data is there all the same, and it is what counts for the kernel.
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.close();
        assertEquals(1, daemon.readFailures.size());
    }

    @Test
    void aHandlerThatThrowsAfterItsAnswerHasAnswered() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                request.complete();
                throw new IOException("afterwards");
            }
        });
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.close();
        assertEquals("afterwards", daemon.readFailures.getFirst().getMessage());
    }

    @Test
    void aHandlerMayAcceptByItselfAndThenItsResultIsIgnored() throws Exception {
        start(new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                request.accept(SIZE);
                assertThrows(IllegalStateException.class, () -> request.accept(SIZE));
                assertThrows(IllegalStateException.class, () -> request.refuse(Errno.EIO));
                return 1;
            }
        });
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        assertTrue(kernel.commands().contains("copen 0," + SIZE));
    }

    @Test
    void aHandlerMayRefuseByItself() throws Exception {
        start(new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                assertTrue(request.refuse(Errno.EACCES));
                return SIZE;
            }
        });
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        assertEquals("copen 0,-13", kernel.commands().getLast());
        kernel.awaitOpenFds(0);
    }

    @Test
    void aHandlerThatThrowsAfterItAcceptedHasAccepted() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                request.accept(SIZE);
                throw new IOException("afterwards");
            }
        });
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.close();
        assertEquals("afterwards", daemon.openFailures.getFirst().getMessage());
    }

    @Test
    void aNegativeSizeRefuses() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) {
                return -1;
            }
        });
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        daemon.close();
        assertEquals("copen 0,-5", kernel.commands().getLast());
        assertInstanceOf(IllegalArgumentException.class, daemon.openFailures.getFirst());
    }
}
