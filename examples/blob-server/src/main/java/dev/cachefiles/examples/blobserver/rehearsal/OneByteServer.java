// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.rehearsal;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A web server on this machine, with TLS and HTTP/2, all of whose files have the same one byte. For one connection. */
final class OneByteServer implements Closeable {
    private static final int PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length();
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;

    /** Of SETTINGS: they are a confirmation; of DATA: it is the end. */
    private static final int FLAG = 1;

    private static final int END_OF_HEADERS = 4;

    /** Entries of the static table of HPACK (RFC 7541, appendix A). */
    private static final int STATUS_206 = 10;

    private static final int CONTENT_LENGTH = 28;
    private static final int CONTENT_RANGE = 30;
    private static final int ETAG = 34;

    private final SSLServerSocket server;

    private OneByteServer(SSLServerSocket server) {
        this.server = server;
    }

    /** Starts it; it listens on a port of its own choice. */
    static OneByteServer start(SSLContext keys) throws IOException {
        var socket = (SSLServerSocket)
                keys.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var server = new OneByteServer(socket);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        socket.setSSLParameters(parameters);
        Thread.ofPlatform().daemon().name("one byte").start(server::serve);
        return server;
    }

    int port() {
        return server.getLocalPort();
    }

    private void serve() {
        try (var client = (SSLSocket) server.accept();
                var in = new DataInputStream(client.getInputStream());
                var out = new DataOutputStream(client.getOutputStream())) {
            in.skipNBytes(PREFACE);
            frame(out, SETTINGS, 0, 0, new byte[0]);
            while (true) {
                int lengthAndType = in.readInt();
                int flags = in.readUnsignedByte();
                int stream = in.readInt();
                in.skipNBytes(lengthAndType >>> 8);
                int type = lengthAndType & 0xff;
                if (type == HEADERS) {
                    frame(out, HEADERS, END_OF_HEADERS, stream, headers());
                    frame(out, DATA, FLAG, stream, new byte[1]);
                } else if (type == SETTINGS && (flags & FLAG) == 0) {
                    frame(out, SETTINGS, FLAG, 0, new byte[0]);
                }
            }
        } catch (IOException e) {
            // The client has gone, or sees that something is wrong.
        }
    }

    private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        out.writeInt(payload.length << 8 | type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(payload);
        out.flush();
    }

    private static byte[] headers() {
        var headers = new ByteArrayOutputStream();
        headers.write(0x80 | STATUS_206);
        header(headers, CONTENT_LENGTH, "1");
        header(headers, CONTENT_RANGE, "bytes 0-0/1");
        header(headers, ETAG, "\"1\"");
        return headers.toByteArray();
    }

    /** Adds a header whose name is in the table and whose value is not: "literal, without indexing". */
    private static void header(ByteArrayOutputStream headers, int name, String value) {
        headers.write(0x0f);
        headers.write(name - 0x0f);
        headers.write(value.length());
        headers.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
