// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** Serves the files of a directory, and counts. Tests override what they want to go wrong. */
public class FileHandler implements OnDemandHandler {
    private final Path directory;
    private final Map<String, LongAdder> opens = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> reads = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> closes = new ConcurrentHashMap<>();
    private final Queue<String> volumes = new ConcurrentLinkedQueue<>();

    /** Makes a handler. */
    public FileHandler(Path directory) {
        this.directory = directory;
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        String name = request.cookie().toString();
        count(opens, name);
        volumes.add(request.volume().toString());
        FileChannel file = FileChannel.open(directory.resolve(name), StandardOpenOption.READ);
        request.object().attach(file);
        return file.size();
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        count(reads, request.object().cookie().toString());
        request.fd().transferFrom(file(request), request.offset(), request.length(), request.offset());
    }

    @Override
    public void close(CloseRequest request) throws IOException {
        if (request.object().isPresent()) {
            count(closes, request.object().get().cookie().toString());
            ((FileChannel) Objects.requireNonNull(request.object().get().attachment())).close();
        }
    }

    /** The file that the object of a READ stands for. */
    public static FileChannel file(ReadRequest request) {
        return (FileChannel) Objects.requireNonNull(request.object().attachment());
    }

    /** How many OPENs there were for a blob. */
    public long opens(String blob) {
        return sum(opens, blob);
    }

    /** How many READs there were for a blob. */
    public long reads(String blob) {
        return sum(reads, blob);
    }

    /** How many CLOSEs there were for a blob. */
    public long closes(String blob) {
        return sum(closes, blob);
    }

    /** The volume keys of all OPENs, each once. */
    public List<String> volumes() {
        return volumes.stream().distinct().toList();
    }

    private static void count(Map<String, LongAdder> counters, String blob) {
        counters.computeIfAbsent(blob, key -> new LongAdder()).increment();
    }

    private static long sum(Map<String, LongAdder> counters, String blob) {
        LongAdder counter = counters.get(blob);
        return counter == null ? 0 : counter.sum();
    }
}
