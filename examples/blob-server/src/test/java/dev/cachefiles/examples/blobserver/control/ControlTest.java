// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.examples.blobserver.support.NotMounted;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlTest {

    @TempDir
    Path temporary;

    private static final Map<String, ControlCommand> COMMANDS = Map.of(
            "echo",
                    (arguments, reply) -> {
                        for (String argument : arguments) {
                            reply.say(argument);
                        }
                    },
            "count", (arguments, reply) -> reply.progress(3, Long.MAX_VALUE, "a b\n"),
            "fail",
                    (arguments, reply) -> {
                        throw new Refusal("line 1\nline 2");
                    },
            "mount",
                    (arguments, reply) -> {
                        throw new NotMounted("first mount it");
                    },
            "bug", (arguments, reply) -> List.of().getFirst());

    private Path directory() {
        return temporary.resolve("run");
    }

    @Test
    void passesAnyTextBothWays() throws IOException {
        try (var _ = ControlServer.start(directory(), COMMANDS)) {
            var client = new ControlClient(directory());
            assertTrue(client.isAnswered());
            assertEquals(
                    List.of("", "a b", "100%+\n\u00e4\u20ac", "\0"),
                    client.lines("echo", "", "a b", "100%+\n\u00e4\u20ac", "\0"));
        }
    }

    @Test
    void tellsProgressAndFailures() throws IOException {
        try (var _ = ControlServer.start(directory(), COMMANDS)) {
            var client = new ControlClient(directory());
            var told = new ArrayList<String>();
            client.ask(List.of("count"), new ControlCommand.Reply() {
                @Override
                public void say(String text) {}

                @Override
                public void progress(long done, long total, String name) {
                    told.add(done + "/" + total + " " + name);
                }
            });
            assertEquals(List.of("3/9223372036854775807 a b\n"), told);
            assertEquals(
                    "line 1\nline 2",
                    assertThrows(ControlClient.Refused.class, () -> client.lines("fail"))
                            .getMessage());
            assertEquals(
                    "first mount it",
                    assertThrows(NotMounted.class, () -> client.lines("mount")).getMessage());
            assertThrows(ControlClient.Refused.class, () -> client.lines("bug"));
            assertTrue(assertThrows(ControlClient.Refused.class, () -> client.lines("nothing"))
                    .getMessage()
                    .contains("knows no command 'nothing'"));
        }
    }

    @Test
    void onlyTheUserMayEnter() throws IOException {
        try (var _ = ControlServer.start(directory(), COMMANDS)) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())));
        }
        Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxr-x---"));
        var refusal = assertThrows(Refusal.class, () -> ControlServer.start(directory(), COMMANDS));
        assertTrue(refusal.getMessage().contains("chmod 700"), refusal.getMessage());
    }

    @Test
    void aSocketThatWasLeftOverIsReplacedAndOneInUseIsNot() throws IOException {
        var first = ControlServer.start(directory(), COMMANDS);
        assertThrows(Refusal.class, () -> ControlServer.start(directory(), COMMANDS));
        assertEquals(List.of("x"), new ControlClient(directory()).lines("echo", "x"), "the first goes on");
        first.close();
        assertFalse(new ControlClient(directory()).isAnswered());
        Files.createFile(ControlSocket.in(directory()));
        try (var _ = ControlServer.start(directory(), COMMANDS)) {
            assertEquals(List.of("x"), new ControlClient(directory()).lines("echo", "x"));
        }
    }

    @Test
    void aClientThatTalksNonsenseOrLeavesDoesNoHarm() throws IOException {
        try (var _ = ControlServer.start(directory(), COMMANDS)) {
            for (String nonsense : new String[] {"", "%zz\n", " \n", "x".repeat(100_000)}) {
                try (SocketChannel channel =
                        SocketChannel.open(UnixDomainSocketAddress.of(ControlSocket.in(directory())))) {
                    channel.write(ByteBuffer.wrap(nonsense.getBytes(StandardCharsets.UTF_8)));
                } catch (IOException e) {
                    assertTrue(nonsense.length() > 1000, "hung up on: " + e);
                }
            }
            assertEquals(List.of("x"), new ControlClient(directory()).lines("echo", "x"));
        }
    }

    @Test
    void aDaemonThatEndsIsNoSuccess() throws Exception {
        var asked = new CountDownLatch(1);
        var server = ControlServer.start(directory(), Map.of("wait", (arguments, reply) -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                asked.await();
                server.close();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertThrows(IOException.class, () -> new ControlClient(directory()).lines("wait"));
    }

    @Test
    void noDaemonIsSaidSo() {
        var refusal = assertThrows(Refusal.class, () -> new ControlClient(directory()).lines("echo"));
        assertTrue(refusal.getMessage().startsWith("no blob-server answers at "), refusal.getMessage());
    }
}
