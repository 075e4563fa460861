// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The daemon's end of the socket: a thread that waits for clients, and one for each of them. */
public final class ControlServer implements Closeable {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");
    private static final int LONGEST_LINE = 16_384;

    private final Path socket;
    private final ServerSocketChannel server;
    private final Map<String, ControlCommand> commands;
    private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();

    private ControlServer(Path socket, ServerSocketChannel server, Map<String, ControlCommand> commands) {
        this.socket = socket;
        this.server = server;
        this.commands = Map.copyOf(commands);
    }

    /**
     * Starts to listen.
     *
     * @param directory where the socket is to be; made, for its owner only, if it is not there
     * @param commands  what clients may ask for
     * @return the server
     * @throws IOException if the directory is open to others or cannot be made, or another daemon listens there
     */
    public static ControlServer start(Path directory, Map<String, ControlCommand> commands) throws IOException {
        var control = new ControlServer(ControlSocket.in(directory), ControlSocket.bind(directory), commands);
        Thread.ofPlatform().daemon().name("control").start(control::accept);
        return control;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                clients.add(client);
                Thread.ofPlatform().daemon().name("control-client").start(() -> serve(client));
            } catch (IOException e) {
                if (server.isOpen()) {
                    LOG.log(System.Logger.Level.WARNING, "the control socket fails: {0}", Failures.describe(e));
                }
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client;
                var reader = new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8));
                var writer = new PrintWriter(Channels.newWriter(client, StandardCharsets.UTF_8))) {
            String line = readLine(reader);
            if (line != null) {
                var reply = new Lines(writer);
                reply.write(run(line, reply));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a client of the control socket has gone", e);
        } finally {
            clients.remove(client);
        }
    }

    private static @Nullable String readLine(BufferedReader reader) throws IOException {
        var line = new StringBuilder();
        for (int c = reader.read(); c != '\n'; c = reader.read()) {
            if (c < 0 || line.length() >= LONGEST_LINE) {
                return null;
            }
            line.append((char) c);
        }
        return line.toString();
    }

    /** Returns the last line of the answer. */
    private List<String> run(String line, Lines reply) {
        try {
            List<String> words = new ArrayList<>(Words.split(line));
            String name = words.removeFirst();
            ControlCommand command = commands.get(name);
            if (command == null) {
                return List.of("error", "this blob-server knows no command '" + name + "'; is it of another version?");
            }
            command.run(words, reply);
            return List.of("ok");
        } catch (NotMounted e) {
            return List.of("not-mounted", Failures.describe(e));
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            return List.of("error", message.contains("\n") ? message : Failures.describe(e));
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a command of a client failed", e);
            return List.of("error", Failures.describe(e));
        }
    }

    /** Writes what a client is told. */
    private record Lines(PrintWriter writer) implements ControlCommand.Reply {
        @Override
        public void say(String text) throws IOException {
            write(List.of("say", text));
        }

        @Override
        public void progress(long done, long total, String name) throws IOException {
            write(List.of("progress", Long.toString(done), Long.toString(total), name));
        }

        private synchronized void write(List<String> words) throws IOException {
            writer.print(Words.join(words) + "\n");
            writer.flush();
            if (writer.checkError()) {
                throw new IOException("the client has gone");
            }
        }
    }

    /** Stops to listen, and hangs up on all clients. */
    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel client : clients) {
            client.close();
        }
        Files.deleteIfExists(socket);
    }
}
