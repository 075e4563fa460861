// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import dev.cachefiles.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A command to the kernel: one line of text, one write(2).
 *
 * <p>A value of this type is well formed: it has no NUL and no newline (the kernel refuses the one, and drops what
 * follows the other), its argument neither starts nor ends with a blank (the kernel skips the first and keeps the
 * last), and it fits.
 *
 * @param text the whole command, in UTF-8
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_write in
 *      fs/cachefiles/daemon.c</a>
 */
public record Command(String text) {

    /** Most bytes of a command: the kernel takes less than a page, and a page has at least 4096 bytes. */
    public static final int MAX_SIZE = 4095;

    /**
     * Checks the text.
     *
     * @throws IllegalArgumentException if the text is empty, too long, has a NUL or newline, starts or ends with a
     *     blank, or is no text that can be encoded
     */
    public Command {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a command cannot be empty");
        }
        if (text.indexOf('\0') >= 0 || text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a command cannot hold NUL or newline: " + printable(text));
        }
        if (isBlank(text.charAt(0)) || isBlank(text.charAt(text.length() - 1))) {
            throw new IllegalArgumentException("a command cannot start or end with a blank: '" + text + "'");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("a command cannot hold half of a surrogate pair: " + text);
        }
        int size = text.getBytes(StandardCharsets.UTF_8).length;
        if (size > MAX_SIZE) {
            throw new IllegalArgumentException("a command of " + size + " bytes is longer than " + MAX_SIZE);
        }
    }

    /**
     * Makes a command with an argument.
     *
     * @param verb     the verb, such as {@code dir}
     * @param argument the argument, not empty
     * @return the command
     * @throws IllegalArgumentException if the argument is empty, starts or ends with a blank, has a NUL or newline, or
     *     is too long
     */
    public static Command of(String verb, String argument) {
        if (argument.isEmpty() || isBlank(argument.charAt(0))) {
            throw new IllegalArgumentException(
                    "the argument of '" + verb + "' cannot be empty or start with a blank: '" + argument + "'");
        }
        return new Command(verb + " " + argument);
    }

    /**
     * Makes {@code bind ondemand}, which starts the service.
     *
     * @return the command
     */
    public static Command bindOnDemand() {
        return new Command("bind ondemand");
    }

    /**
     * Makes {@code restore}, which delivers all pending requests again.
     *
     * @return the command
     */
    public static Command restore() {
        return new Command("restore");
    }

    /**
     * Makes {@code copen <msg_id>,<size>}, which accepts an OPEN.
     *
     * @param messageId the OPEN's id
     * @param size      bytes of the object, not negative
     * @return the command
     * @throws IllegalArgumentException if {@code size} is negative
     */
    public static Command accept(int messageId, long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        return copen(messageId, size);
    }

    /**
     * Makes {@code copen <msg_id>,<-errno>}, which refuses an OPEN.
     *
     * @param messageId the OPEN's id
     * @param errno     the reason
     * @return the command
     */
    public static Command refuse(int messageId, Errno errno) {
        return copen(messageId, -errno.number());
    }

    private static Command copen(int messageId, long size) {
        return new Command("copen " + Integer.toUnsignedString(messageId) + "," + size);
    }

    /**
     * Gives the bytes to write.
     *
     * @return the text in UTF-8, without a terminator
     */
    public MemorySegment bytes() {
        return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\u000b' || c == '\f';
    }

    private static String printable(String text) {
        return text.replace("\0", "\\0").replace("\n", "\\n");
    }
}
