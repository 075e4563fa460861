// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The commands {@code cull} and {@code inuse}, whose argument is the bytes of a name in the working directory of the
 * thread that writes them.
 *
 * <p>The kernel would take some names for others: it drops what follows a newline, and skips blanks at the start. So such
 * names are refused, and what is not one plain name at all.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_cull and
 *      cachefiles_daemon_inuse in fs/cachefiles/daemon.c</a>
 */
public final class NameCommand {
    private static final int MAX_NAME = 255;
    private static final int NO_BREAK_SPACE = 0xa0;

    private NameCommand() {}

    /**
     * Makes {@code cull <name>}.
     *
     * @param name the bytes of the name
     * @return the bytes of the command
     * @throws IllegalArgumentException if it is no name that the kernel would take as it is
     */
    public static MemorySegment cull(byte[] name) {
        return command("cull ", name);
    }

    /**
     * Makes {@code inuse <name>}.
     *
     * @param name the bytes of the name
     * @return the bytes of the command
     * @throws IllegalArgumentException if it is no name that the kernel would take as it is
     */
    public static MemorySegment inUse(byte[] name) {
        return command("inuse ", name);
    }

    /**
     * Tells whether a name can be the argument of these commands.
     *
     * @param name the bytes of the name
     * @return false if the kernel would refuse it, or take it for another
     */
    public static boolean canName(byte[] name) {
        if (name.length == 0 || name.length > MAX_NAME || isSpace(name[0] & 0xff)) {
            return false;
        }
        boolean onlyDots = name.length <= 2;
        for (byte b : name) {
            if (b == 0 || b == '\n' || b == '/') {
                return false;
            }
            onlyDots &= b == '.';
        }
        return !onlyDots;
    }

    /** {@code isspace} of lib/ctype.c, which knows Latin-1. */
    private static boolean isSpace(int b) {
        return b == ' ' || (b >= '\t' && b <= '\r') || b == NO_BREAK_SPACE;
    }

    private static MemorySegment command(String verb, byte[] name) {
        if (!canName(name)) {
            throw new IllegalArgumentException("no command can have this name: "
                    + new String(name, StandardCharsets.ISO_8859_1)
                            .replace("\0", "\\0")
                            .replace("\n", "\\n"));
        }
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(verb.getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(name);
        return MemorySegment.ofArray(bytes.toByteArray());
    }
}
