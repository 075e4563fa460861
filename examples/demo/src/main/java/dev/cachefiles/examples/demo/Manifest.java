// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.demo.FileTree.Item;
import dev.cachefiles.examples.demo.FileTree.Kind;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * What is in a tree: the SHA-256 of each file, the target of each link.
 *
 * @param entries what each path names, by path
 */
record Manifest(SequencedMap<String, Entry> entries) {

    /**
     * What a path names.
     *
     * @param item    its kind and size
     * @param content what to compare: a hash in hexadecimal digits; or why there is none
     * @param read    whether it could be read
     */
    record Entry(Item item, String content, boolean read) {}

    /**
     * Reads a tree.
     *
     * @param items    what {@code tree} has listed
     * @param threads  how many files to read at a time
     * @param progress is told how many bytes were read, time and again, by all threads
     */
    static Manifest of(FileTree tree, Collection<Item> items, int threads, LongConsumer progress)
            throws IOException, InterruptedException {
        var entries = new TreeMap<String, Entry>();
        var readers = new ArrayList<Callable<Entry>>();
        for (Item item : items) {
            readers.add(() -> read(tree, item, progress));
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name("reader-", 0).factory())) {
            for (Future<Entry> future : pool.invokeAll(readers)) {
                Entry entry = future.get();
                entries.put(entry.item().path(), entry);
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
        return new Manifest(entries);
    }

    private static Entry read(FileTree tree, Item item, LongConsumer progress) {
        MessageDigest digest = sha256();
        try {
            tree.read(item, bytes -> {
                int length = bytes.remaining();
                digest.update(bytes);
                progress.accept(length);
            });
        } catch (IOException e) {
            return new Entry(item, Failures.describe(e), false);
        }
        return new Entry(item, HexFormat.of().formatHex(digest.digest()), true);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /** Number of regular files. */
    long files() {
        return entries.values().stream()
                .filter(entry -> entry.item().kind() == Kind.FILE)
                .count();
    }

    /** Total size of files and links. */
    long bytes() {
        return entries.values().stream().mapToLong(entry -> entry.item().size()).sum();
    }

    /** Says how another tree differs from this one, one line each; nothing if it does not. */
    List<String> differences(Manifest other) {
        var differences = new ArrayList<String>();
        for (Map.Entry<String, Entry> mine : entries.entrySet()) {
            Entry theirs = other.entries().get(mine.getKey());
            if (theirs == null) {
                differences.add(mine.getKey() + ": is missing");
            } else {
                String difference = difference(mine.getValue(), theirs);
                if (!difference.isEmpty()) {
                    differences.add(mine.getKey() + ": " + difference);
                }
            }
        }
        for (String path : other.entries().keySet()) {
            if (!entries.containsKey(path)) {
                differences.add(path + ": should not be there");
            }
        }
        return Collections.unmodifiableList(differences);
    }

    private static String difference(Entry expected, Entry actual) {
        if (expected.item().kind() != actual.item().kind()) {
            return "is a " + actual.item().kind() + ", not a " + expected.item().kind();
        }
        if (!actual.read()) {
            return actual.content();
        }
        if (expected.item().size() != actual.item().size()) {
            return "has " + actual.item().size() + " bytes, not "
                    + expected.item().size();
        }
        return expected.content().equals(actual.content()) ? "" : "has other bytes";
    }
}
