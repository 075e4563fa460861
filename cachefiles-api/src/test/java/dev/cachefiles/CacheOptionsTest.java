// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.protocol.Command;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CacheOptionsTest {
    private static final Path DIRECTORY = Path.of("/var/cache/fscache");

    @Test
    void defaults_need_the_directory_and_the_tag_only() {
        assertEquals(
                List.of("dir /var/cache/fscache", "tag CacheFiles"),
                texts(CacheOptions.builder(DIRECTORY).build()));
    }

    @Test
    void a_relative_directory_becomes_absolute_since_the_kernel_takes_it_from_the_working_directory() {
        assertTrue(CacheOptions.builder(Path.of("cache")).build().directory().isAbsolute());
    }

    @Test
    void a_security_context_is_set_before_the_bind() {
        assertEquals(
                "secctx system_u:system_r:cachefiles_kernel_t:s0",
                texts(CacheOptions.builder(DIRECTORY)
                                .securityContext("system_u:system_r:cachefiles_kernel_t:s0")
                                .build())
                        .getLast());
    }

    @Test
    void bad_values_are_refused_at_once() {
        var builder = CacheOptions.builder(DIRECTORY);
        assertThrows(IllegalArgumentException.class, () -> builder.tag(""));
        assertThrows(IllegalArgumentException.class, () -> builder.tag("a\nb"));
        assertThrows(IllegalArgumentException.class, () -> builder.securityContext(" "));
        assertThrows(IllegalArgumentException.class, () -> CacheOptions.builder(Path.of("/cache\nx")));
        assertThrows(IllegalArgumentException.class, () -> CacheOptions.builder(Path.of("/cache ")));
        assertThrows(IllegalArgumentException.class, () -> CacheOptions.builder(Path.of("")));
    }

    @Test
    void limits_out_of_order_say_so() {
        var exception = assertThrows(IllegalArgumentException.class, () -> new Limits(5, 7, 1));
        assertTrue(exception.getMessage().contains("0 <= stop < cull < run < 100"), exception.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Limits(100, 7, 1));
        assertThrows(IllegalArgumentException.class, () -> new Limits(7, 5, -1));
    }

    /** The kernel checks each command against the values that it has at that moment. */
    @Property
    void any_limits_are_set_in_an_order_that_the_kernel_takes(
            @ForAll @IntRange(min = 2, max = 99) int run,
            @ForAll @IntRange(min = 1, max = 98) int cull,
            @ForAll @IntRange(max = 97) int stop) {
        Assume.that(stop < cull && cull < run);
        var limits = new Limits(run, cull, stop);
        Map<String, Integer> kernel = new HashMap<>(Map.of("run", 7, "cull", 5, "stop", 1));
        for (String text :
                texts(CacheOptions.builder(DIRECTORY).blockLimits(limits).build())) {
            if (text.startsWith("b")) {
                kernel.put(
                        text.substring(1, text.indexOf(' ')),
                        Integer.valueOf(text.substring(text.indexOf(' ') + 1, text.length() - 1)));
                assertTrue(
                        kernel.get("stop") < kernel.get("cull") && kernel.get("cull") < kernel.get("run"),
                        () -> text + " against " + kernel);
            }
        }
        assertEquals(Map.of("run", run, "cull", cull, "stop", stop), kernel);
    }

    private static List<String> texts(CacheOptions options) {
        return options.commands().stream().map(Command::text).toList();
    }
}
