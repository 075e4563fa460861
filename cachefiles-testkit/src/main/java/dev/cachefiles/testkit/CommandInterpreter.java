// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.testkit.KernelProfile.Quirk;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Commands as text, with the rules and errors of {@code cachefiles_daemon_write} and the functions below it in
 * fs/cachefiles/daemon.c.
 *
 * <p>Guarded by the kernel's lock.
 */
final class CommandInterpreter {
    private static final int OK = 0;
    private static final int EINVAL = KernelCore.error(Errno.EINVAL);
    private static final int EOPNOTSUPP = KernelCore.error(Errno.EOPNOTSUPP);
    private static final int EIO = KernelCore.error(Errno.EIO);

    private final FakeCache cache;
    private final FakeFiles tree;
    private final int maxSize;
    private final boolean withOnDemand;
    private final boolean withRestore;
    private final FreeSpaceLimits blocks = new FreeSpaceLimits();
    private final FreeSpaceLimits files = new FreeSpaceLimits();
    private @Nullable String directory;
    private @Nullable String tag;

    /** Where the command is carried out; null for somewhere outside of all caches. */
    private FakeFiles.@Nullable Node workingDirectory;

    /** Makes an interpreter; a kernel without the on-demand mode does not know all verbs. */
    CommandInterpreter(FakeCache cache, KernelCore core) {
        Settings settings = core.settings;
        this.cache = cache;
        this.tree = core.files;
        this.maxSize = settings.pageSize() - 1;
        this.withOnDemand = settings.onDemand();
        this.withRestore = withOnDemand && !settings.profile().has(Quirk.NO_RESTORE);
    }

    /** Runs one command in a directory; the number of its bytes, or a negated errno. */
    int executeIn(FakeFiles.Node directory, byte[] command) {
        workingDirectory = directory;
        try {
            return execute(command);
        } finally {
            workingDirectory = null;
        }
    }

    /** Runs one command; the number of its bytes, or a negated errno. */
    int execute(byte[] command) {
        if (cache.isDead()) {
            return EIO;
        }
        if (command.length > maxSize) {
            return EOPNOTSUPP;
        }
        // One char per byte, as the kernel sees it.
        String text = new String(command, StandardCharsets.ISO_8859_1);
        int newline = text.indexOf('\n');
        if (text.indexOf('\0') >= 0 || newline == 0) {
            return EINVAL;
        }
        if (newline > 0) {
            text = text.substring(0, newline);
        }
        int verbEnd = 0;
        while (verbEnd < text.length() && !isSpace(text.charAt(verbEnd))) {
            verbEnd++;
        }
        int argument = verbEnd;
        while (argument < text.length() && isSpace(text.charAt(argument))) {
            argument++;
        }
        int result = run(text.substring(0, verbEnd), text.substring(argument));
        return result == OK ? command.length : result;
    }

    private int run(String verb, String argument) {
        return switch (verb) {
            case "bind" -> bind(argument);
            case "brun", "bcull", "bstop" -> blocks.set(verb.substring(1), argument);
            case "frun", "fcull", "fstop" -> files.set(verb.substring(1), argument);
            case "cull" -> lookUp(argument, true);
            case "inuse" -> lookUp(argument, false);
            case "debug" -> debug(argument);
            case "dir" -> dir(argument);
            case "secctx" -> argument.isEmpty() ? EINVAL : EOPNOTSUPP;
            case "tag" -> tag(argument);
            case "copen" -> withOnDemand ? copen(argument) : EOPNOTSUPP;
            case "restore" -> withRestore && cache.isOnDemand() ? cache.restore() : EOPNOTSUPP;
            default -> EOPNOTSUPP;
        };
    }

    private int dir(String argument) {
        if (argument.isEmpty()) {
            return EINVAL;
        }
        if (directory != null) {
            return KernelCore.error(Errno.EEXIST);
        }
        directory = argument;
        return OK;
    }

    private int tag(String argument) {
        if (argument.isEmpty()) {
            return EINVAL;
        }
        if (tag != null) {
            return KernelCore.error(Errno.EEXIST);
        }
        tag = argument;
        return OK;
    }

    private int bind(String argument) {
        if (directory == null) {
            return EINVAL;
        }
        if (cache.isBound()) {
            return KernelCore.error(Errno.EBUSY);
        }
        if (argument.equals("ondemand") && withOnDemand) {
            cache.onDemand();
        } else if (!argument.isEmpty()) {
            return EINVAL;
        }
        if (tag == null) {
            tag = "CacheFiles";
        }
        return cache.bind(directory, tag, blocks, files);
    }

    private int copen(String argument) {
        if (!cache.isOnDemand()) {
            return EOPNOTSUPP;
        }
        int comma = argument.indexOf(',');
        if (comma < 0) {
            return EINVAL;
        }
        KernelNumbers.Parsed id = KernelNumbers.unsigned(argument.substring(0, comma));
        return id.error() != 0 ? id.error() : cache.copen(id.value(), argument.substring(comma + 1));
    }

    /** In the working directory; outside of all caches there is nothing. */
    private int lookUp(String name, boolean cull) {
        if (name.indexOf('/') >= 0) {
            return EINVAL;
        }
        if (!cache.isBound() || name.isEmpty() || name.equals(".") || name.equals("..") || name.length() > 255) {
            return EIO;
        }
        if (workingDirectory == null) {
            return KernelCore.error(Errno.ENOENT);
        }
        return tree.cull(workingDirectory, name.getBytes(StandardCharsets.ISO_8859_1), cull);
    }

    private static int debug(String argument) {
        return argument.isEmpty() || KernelNumbers.unsigned(argument).error() == 0 ? OK : EINVAL;
    }

    /** {@code isspace} of lib/ctype.c, which knows Latin-1. */
    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
    }
}
