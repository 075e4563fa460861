// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages that are no messages are answered where that can be, and the service goes on. */
class MalformedMessageTest extends DaemonTest {
    private final TestBlob blob = new TestBlob(10_000);

    private static UnaryOperator<byte[]> change(Consumer<ByteBuffer> change) {
        return message -> {
            byte[] copy = message.clone();
            change.accept(ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder()));
            return copy;
        };
    }

    @ParameterizedTest(name = "OPEN with {1} at {0}")
    @CsvSource({
        "8,   9999", // len
        "8,   0",
        "16,  0", // volume_key_size
        "16,  -1",
        "16,  5",
        "20,  200", // cookie_key_size
        "20,  -1",
    })
    void aMalformedOpenIsRefusedAndItsFdCloses(int offset, int value) throws Exception {
        Daemon daemon = start(blob);
        kernel.faults().onMessage(1).alter(change(message -> message.putInt(offset, value)));
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> kernel.mount("a")).errno());
        assertEquals("copen 0,-22", kernel.commands().getLast());
        kernel.awaitOpenFds(0);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, 10_000));
        assertEquals(1, daemon.troubles.size());
        assertInstanceOf(ProtocolException.class, daemon.troubles.getFirst());
    }

    @Test
    void anOpenThatIsCutShortIsRefusedAndItsFdCloses() throws Exception {
        start(blob);
        kernel.faults().onMessage(1).alter(message -> Arrays.copyOf(message, message.length - 1));
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        kernel.awaitOpenFds(0);
        kernel.mount("a");
    }

    @ParameterizedTest(name = "READ with {1} at {0}")
    @CsvSource({
        "16, -4096", // off
        "16, 9223372036854775807",
        "24, 0", // len
        "24, -1",
        "24, 9223372036854775807",
    })
    void aMalformedReadOfAKnownObjectIsAnsweredWithoutData(int offset, long value) throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        // The readahead's READ and the one for the page.
        kernel.faults().onMessage(1).alter(change(message -> message.putLong(offset, value)));
        kernel.faults().onMessage(2).alter(change(message -> message.putLong(offset, value)));
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(4096, 10))
                        .errno());
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
        assertEquals(2, daemon.troubles.size());
    }

    @Test
    void aReadOfAnUnknownObjectIsReported() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults().inject(MessageEncoder.encode(new Message.Read(99, 4711, 0, 4096)));
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
        assertTrue(daemon.troubles.getFirst().getMessage().contains("unknown object o4711"));
    }

    @Test
    void noiseDoesNotEndTheService() throws Exception {
        start(blob);
        FakeMount mount = kernel.mount("a");
        var random = new Random(1);
        for (int i = 0; i < 20; i++) {
            byte[] noise = new byte[1 + random.nextInt(1024)];
            random.nextBytes(noise);
            // Not OPEN: an fd of a random number would be closed.
            noise[Math.min(4, noise.length - 1)] = 9;
            kernel.faults().inject(noise);
        }
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
    }

    @Test
    void anOpcodeFromTheFutureDoesNotEndTheService() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.faults()
                .inject(change(message -> message.putInt(4, 3))
                        .apply(MessageEncoder.encode(new Message.Read(99, 1, 0, 4096))));
        assertArrayEquals(blob.bytes, mount.read(0, 10_000));
        assertTrue(daemon.troubles.getFirst().getMessage().contains("opcode 3"));
    }
}
