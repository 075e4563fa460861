// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Where the socket is, and who may reach it. */
final class ControlSocket {
    private static final String NAME = "control";
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");

    private ControlSocket() {}

    static Path in(Path directory) {
        return directory.resolve(NAME);
    }

    /** Binds the socket; who may enter the directory may command the daemon, so that must be its user alone. */
    static ServerSocketChannel bind(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER));
        }
        var attributes = Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory() || !OWNER.containsAll(attributes.permissions())) {
            throw new Refusal(directory + ": must be a directory that only its owner may enter (chmod 700)");
        }
        Path socket = in(directory);
        if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            removeStale(socket);
        }
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            return server.bind(UnixDomainSocketAddress.of(socket));
        } catch (Throwable t) {
            server.close();
            throw t;
        }
    }

    private static void removeStale(Path socket) throws IOException {
        boolean answered;
        try (SocketChannel other = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            answered = other.isConnected();
        } catch (IOException e) {
            answered = false; // left over by one that was killed
        }
        if (answered) {
            throw new Refusal(socket + ": another blob-server answers there; give each its own --runtime-dir");
        }
        Files.delete(socket);
    }
}
