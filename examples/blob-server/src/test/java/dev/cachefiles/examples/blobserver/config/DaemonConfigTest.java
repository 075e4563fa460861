// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.YamlFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonConfigTest {

    @TempDir
    Path temporary;

    private DaemonConfig read(String text) throws IOException {
        return DaemonConfig.read(YamlFile.read(Files.writeString(temporary.resolve("c.yaml"), text)));
    }

    @Test
    void readsAllSections() throws IOException {
        DaemonConfig config = read("""
                cache:
                  directory: cache
                  tag: mine
                server:
                  threads: 3
                  read-deadline: 1m
                  largest-fill: 16MiB
                sources:
                  one: {type: directory, path: a, names: [x, y]}
                  two: {type: directory, path: /b}
                """);
        assertEquals(temporary.resolve("cache"), config.cache().options().directory());
        assertEquals("mine", config.cache().options().tag());
        assertEquals(3, config.server().threads());
        assertEquals(Duration.ofMinutes(1), config.server().readDeadline());
        assertEquals(Duration.ofSeconds(15), config.server().openDeadline());
        assertEquals(new Amplification(16 << 20, 32 << 20), config.server().amplification());
        assertEquals(2, config.sources().size());
        assertEquals("one", config.sources().getFirst().name(), "the order of the file");
    }

    @Test
    void mayFetchMuchOrNothingMoreThanIsAskedFor() throws IOException {
        assertEquals(Amplification.STANDARD, filling("4MiB"));
        assertEquals(Amplification.OFF, filling("0"));
        assertEquals(new Amplification(64 << 20, 64 << 20), filling("64MiB"), "one fill must fit");
    }

    private Amplification filling(String largest) throws IOException {
        return read("""
                cache: {directory: cache}
                server: {largest-fill: %s}
                sources:
                  one: {type: directory, path: a}
                """.formatted(largest)).server().amplification();
    }

    @Test
    void saysAllThatIsWrongAtOnceWithItsLine() {
        var refusal = assertThrows(ConfigException.class, () -> read("""
                cache:
                  directory: cache
                  tags: mine
                server:
                  threads: 0
                sources:
                  one: {type: directory}
                  two:
                    type: floppy
                  three: 3
                """));
        String file = temporary.resolve("c.yaml") + ":";
        String known = CacheSection.SETTINGS.stream().map(Setting::name).collect(Collectors.joining(", "));
        assertEquals(
                file + "3: there is no setting 'tags' here; known: " + known + "\n" + file
                        + "5: threads: 0 is not from 1 to 1024\n" + file
                        + "7: 'path' is missing: the directory with the blobs (required)\n" + file
                        + "9: source 'two' needs a type, one of ",
                cut(String.valueOf(refusal.getMessage())));
        assertTrue(refusal.getMessage().endsWith(file + "10: source 'three' must have settings below it"));
    }

    private static String cut(String message) {
        return message.substring(0, message.indexOf("one of ") + "one of ".length());
    }

    @Test
    void theCacheAndASourceMustBeThere() {
        var refusal = assertThrows(ConfigException.class, () -> read("server: {threads: 1}\n"));
        assertTrue(refusal.getMessage().contains("'directory' is missing"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("there is no source to serve from"), refusal.getMessage());
    }

    @Test
    void aTagThatTheKernelWouldRefuseIsRefusedHere() {
        var refusal = assertThrows(
                ConfigException.class,
                () -> read("cache: {directory: c, tag: 'x '}\nsources: {a: {type: directory, path: p}}\n"));
        assertTrue(refusal.getMessage().startsWith(temporary.resolve("c.yaml") + ":1: tag: "), refusal.getMessage());
    }

    @Test
    void theExampleIsGood() throws IOException {
        DaemonConfig config = DaemonConfig.read(YamlFile.read(Path.of("blob-server.yaml")));
        assertEquals(
                List.of("local", "near", "far", "images"),
                config.sources().stream().map(SourceConfig::name).toList());
    }

    @Test
    void readsLayersInTheirOrder() throws IOException {
        DaemonConfig config = read("""
                cache: {directory: c}
                sources:
                  local: {type: directory, path: p}
                  web: {type: http, url: "http://h/"}
                  own:
                    type: http
                    url: http://h/
                    layers:
                      rate-limit: {rate: 1MiB}
                      retry:
                """);
        assertEquals(List.of(), layers(config, 0));
        assertEquals(List.of("retry"), layers(config, 1), "what waits for a network tries again");
        assertEquals(List.of("rate-limit", "retry"), layers(config, 2));
    }

    private static List<String> layers(DaemonConfig config, int source) {
        return config.sources().get(source).layers().stream()
                .map(layer -> layer.type().name())
                .toList();
    }

    @Test
    void namesTheLineOfALayerThatIsWrong() {
        var refusal = assertThrows(ConfigException.class, () -> read("""
                cache: {directory: c}
                sources:
                  a:
                    type: directory
                    path: p
                    layers:
                      polish: {}
                      retry: {attempts: 0}
                """));
        String file = temporary.resolve("c.yaml") + ":";
        assertTrue(refusal.getMessage().startsWith(file + "7: there is no layer 'polish'; known: retry, "));
        assertTrue(refusal.getMessage().endsWith(file + "8: attempts: 0 is not from 1 to 100"), refusal.getMessage());
    }

    @Test
    void matchesByDomainNameAndPrefix() throws IOException {
        Match match = read("""
                cache: {directory: c}
                sources:
                  a: {type: directory, path: p, domains: d, names: [whole], prefixes: ["pre-", "q/"]}
                """).sources().getFirst().match();
        assertTrue(match.fits(key("d", "whole")));
        assertTrue(match.fits(key("d", "pre-1")));
        assertTrue(match.fits(key("d", "q/1")));
        assertFalse(match.fits(key("d", "whole2")));
        assertFalse(match.fits(key("e", "whole")));
    }

    private static BlobKey key(String domain, String name) {
        return new BlobKey(domain, ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8)));
    }
}
