// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.archive;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** GNU tar, which keeps holes, attributes and odd names. Blocks until it has ended. */
final class Tar {
    private static final List<String> ATTRIBUTES =
            List.of("--xattrs", "--xattrs-include=user." + CacheContents.ATTRIBUTE);

    /** Names as {@code --quoting-style=escape} shows them. */
    private static final Pattern MEMBER = Pattern.compile(
            "(?:\\./)?(?:I[^/]*(?:/(?:" + CacheContents.FAN_OUT + "(?:/(?:[DSTE](?:[!-.0-~]|\\\\177)+)?)?)?)?)?");

    private static final int CHANGED_MEANWHILE = 1;

    /** So many zeros are at the end of a tar file at least. */
    private static final int END = 1024;

    private Tar() {}

    /** Packs a directory. */
    static void create(Path archive, Path directory) throws IOException {
        Result result = run(
                "--create",
                archive,
                directory,
                List.of("--format=posix", "--sparse", "--hole-detection=seek", "--numeric-owner"),
                List.of("."));
        if (result.status != 0 && result.status != CHANGED_MEANWHILE) {
            throw result.failure(archive);
        }
    }

    /** Refuses an archive in which there is anything but directories and files with names of a cache. */
    static void check(Path archive) throws IOException {
        checkEnd(archive);
        List<String> none = List.of();
        Path here = Path.of(".");
        Result types = run("--list", archive, here, List.of("--verbose", "--quoting-style=escape"), none)
                .orThrow(archive);
        for (String line : types.output.lines().toList()) {
            if (!line.startsWith("d") && !line.startsWith("-")) {
                throw new Refusal(archive + ": holds what is neither a directory nor a file: " + line);
            }
        }
        Result names = run("--list", archive, here, List.of("--quoting-style=escape"), none)
                .orThrow(archive);
        for (String name : names.output.lines().toList()) {
            if (!MEMBER.matcher(name).matches()) {
                throw new Refusal(archive + ": holds what has no place in a cache: " + name);
            }
        }
    }

    /** Of an archive that ends between two members, tar only sees the first. */
    private static void checkEnd(Path archive) throws IOException {
        try (FileChannel file = FileChannel.open(archive)) {
            ByteBuffer end = ByteBuffer.allocate(END);
            long size = file.size();
            if (size >= END) {
                file.read(end, size - END);
            }
            if (end.hasRemaining() || !Arrays.equals(end.array(), new byte[END])) {
                throw new Refusal(
                        archive + ": is no tar file, or was cut off; one that is packed must be unpacked first");
            }
        }
    }

    /** Unpacks an archive that was checked into an empty directory. */
    static void extract(Path archive, Path directory) throws IOException {
        run(
                        "--extract",
                        archive,
                        directory,
                        List.of("--no-same-owner", "--no-same-permissions", "--keep-old-files"),
                        List.of())
                .orThrow(archive);
    }

    /** Compares a directory with an archive; what differs, a line each. */
    static List<String> compare(Path archive, Path directory) throws IOException {
        Result result = run("--compare", archive, directory, List.of(), List.of());
        // Owners, modes and times may differ from machine to machine.
        return result.output
                .lines()
                .filter(line -> !line.endsWith("differs") || line.endsWith("Contents differ"))
                .filter(line -> !line.matches(".*: (Mod time|Mode|Uid|Gid) differs?"))
                .toList();
    }

    private record Result(int status, String output, String errors) {
        Result orThrow(Path archive) throws Refusal {
            if (status != 0) {
                throw failure(archive);
            }
            return this;
        }

        Refusal failure(Path archive) {
            return new Refusal(archive + ": tar has failed: " + errors.strip());
        }
    }

    private static Result run(String action, Path archive, Path directory, List<String> options, List<String> members)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "tar",
                action,
                "--file=" + archive.toAbsolutePath(),
                "--force-local",
                "--directory=" + directory.toAbsolutePath()));
        command.addAll(options);
        command.addAll(ATTRIBUTES);
        command.addAll(members);
        var builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new Refusal("GNU tar is needed and cannot be run (" + e.getMessage() + "); install the package tar");
        }
        process.getOutputStream().close();
        var errors = new StringBuilder();
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                errors.append(text(process.getErrorStream().readAllBytes()));
            } catch (IOException e) {
                errors.append(e);
            }
        });
        String output = text(process.getInputStream().readAllBytes());
        try {
            reader.join();
            return new Result(process.waitFor(), output, errors.toString());
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while tar ran", e);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
