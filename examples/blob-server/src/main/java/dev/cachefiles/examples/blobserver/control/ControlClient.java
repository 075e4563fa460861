// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import dev.cachefiles.examples.blobserver.support.NotMounted;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The other end of the socket: asks a daemon to do something. For use by one thread. */
public final class ControlClient {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final Path socket;

    /**
     * Makes a client.
     *
     * @param directory the daemon's directory for its socket
     */
    public ControlClient(Path directory) {
        this.socket = ControlSocket.in(directory);
    }

    /** What the daemon has said no to, in its words. */
    public static final class Refused extends Refusal {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Tells whether a daemon answers.
     *
     * @return whether it is so
     */
    public boolean isAnswered() {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Waits for a daemon that is just starting. That none answers is no failure: there may be one that cannot be reached.
     *
     * @param longest how long
     */
    public void await(Duration longest) {
        long start = System.nanoTime();
        while (!isAnswered() && System.nanoTime() - start < longest.toNanos()) {
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
    }

    /**
     * Asks, and waits until it is done.
     *
     * @param words the command's name and its arguments
     * @param reply is told what the daemon says meanwhile
     * @throws NotMounted  if a blob would have to be open for that, and is not, or not any longer
     * @throws Refused     if the daemon could not do it
     * @throws IOException if no daemon answers, or it ends meanwhile
     */
    public void ask(List<String> words, ControlCommand.Reply reply) throws IOException {
        try (SocketChannel channel = connect();
                var writer = new PrintWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
                var reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            writer.print(Words.join(words) + "\n");
            writer.flush();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                List<String> answer = Words.split(line);
                switch (answer.getFirst()) {
                    case "say" -> reply.say(answer.get(1));
                    case "progress" ->
                        reply.progress(Long.parseLong(answer.get(1)), Long.parseLong(answer.get(2)), answer.get(3));
                    case "ok" -> {
                        return;
                    }
                    case "not-mounted" -> throw new NotMounted(answer.get(1));
                    case "error" -> throw new Refused(answer.get(1));
                    default -> throw new Refusal(socket + ": is answered by something else than blob-server");
                }
            }
            throw new Refusal(socket + ": the daemon has ended, or hung up, before it was done");
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new IOException(socket + ": is answered by something else than blob-server", e);
        }
    }

    private SocketChannel connect() throws IOException {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new Refusal("no blob-server answers at " + socket + " (" + e.getMessage()
                    + "); start one, or name its directory with --runtime-dir");
        }
    }

    /**
     * Asks for lines of text.
     *
     * @param words the command's name and its arguments
     * @return what the daemon says
     * @throws IOException as {@link #ask}
     */
    public List<String> lines(String... words) throws IOException {
        var lines = new ArrayList<String>();
        ask(List.of(words), new ControlCommand.Reply() {
            @Override
            public void say(String text) {
                lines.add(text);
            }

            @Override
            public void progress(long done, long total, String name) {}
        });
        return lines;
    }
}
