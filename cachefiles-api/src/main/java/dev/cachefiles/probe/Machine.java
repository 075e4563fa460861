// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * The files in which the machine tells of itself. What cannot be read is as if it were not there.
 *
 * @param root the directory with the kernel's files
 */
record Machine(Path root) {

    /** The lines of a file; empty if it cannot be read. */
    List<String> lines(String path) {
        return contents(root.resolve(path)).orElse(List.of());
    }

    /** The lines of the first of some files that can be read, unpacked if its name says so. */
    Optional<List<String>> firstOf(List<String> paths) {
        return paths.stream()
                .map(path -> contents(root.resolve(path)))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<List<String>> contents(Path file) {
        try (InputStream in = Files.newInputStream(file);
                InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
                var reader = new BufferedReader(new InputStreamReader(plain, StandardCharsets.ISO_8859_1))) {
            return Optional.of(reader.lines().toList());
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** The processes that have a file open whose link in /proc reads so: number and name of each. */
    List<String> holders(String target) {
        try (Stream<Path> processes = Files.list(root.resolve("proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("[0-9]+"))
                    .filter(process -> has(process, target))
                    .map(process -> process.getFileName() + " (" + name(process) + ")")
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static boolean has(Path process, String target) {
        try (Stream<Path> fds = Files.list(process.resolve("fd"))) {
            return fds.anyMatch(fd -> leadsTo(fd, target));
        } catch (IOException | UncheckedIOException e) {
            return false; // it has ended, or is another user's
        }
    }

    private static boolean leadsTo(Path fd, String target) {
        try {
            return Files.readSymbolicLink(fd).toString().equals(target);
        } catch (IOException e) {
            return false;
        }
    }

    private static String name(Path process) {
        return contents(process.resolve("comm"))
                .flatMap(lines -> lines.stream().findFirst())
                .orElse("?");
    }
}
