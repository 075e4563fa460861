// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Command;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The device takes only what it should, and the library does not even try the rest. */
@Contract
class CommandsTest {

    @Test
    @Row(2)
    void a_second_open_is_busy_until_the_first_closes(KernelUnderTest kernel) throws Exception {
        var first = new RawDaemon(kernel);
        var exception = assertThrows(
                CachefilesException.class, () -> CachefilesChannel.open(kernel.options(), kernel.provider()));
        assertEquals(Errno.EBUSY, exception.errno());
        assertTrue(exception.cure().orElse("").contains("another process holds the device"), exception.getMessage());
        first.close();
        CachefilesChannel.open(kernel.options(), kernel.provider()).close();
    }

    @Test
    @Row(3)
    void malformed_commands_are_refused(KernelUnderTest kernel) throws Exception {
        var daemon = new RawDaemon(kernel);
        assertEquals("EINVAL", daemon.command("tag a\0"));
        assertEquals("EINVAL", daemon.command("tag a\0b"));
        assertEquals("EINVAL", daemon.command("\ntag a"));
        assertEquals("EOPNOTSUPP", daemon.command("tag " + "a".repeat(4092)));
        assertEquals("EOPNOTSUPP", daemon.command(" tag a"));
        assertEquals("EOPNOTSUPP", daemon.command("TAG a"));
        assertEquals("EOPNOTSUPP", daemon.command("flush"));
        // None of them has set the tag.
        assertEquals("ok", daemon.command("tag a"));
    }

    @Test
    @Row(3)
    void the_longest_command_is_taken(KernelUnderTest kernel) throws Exception {
        var daemon = new RawDaemon(kernel);
        assertEquals("ok", daemon.command(Command.of("tag", "a".repeat(4091)).text()));
    }

    @Test
    @Row(3)
    void the_library_makes_no_malformed_command(KernelUnderTest kernel) {
        for (String argument : new String[] {"a\0", "a\nb", " a", "a ", "", "a".repeat(4092)}) {
            assertThrows(IllegalArgumentException.class, () -> Command.of("tag", argument), argument);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> CacheOptions.builder(kernel.options().directory()).tag(argument),
                    argument);
        }
        assertThrows(IllegalArgumentException.class, () -> CacheOptions.builder(Path.of("/" + "a".repeat(4092))));
    }

    @Test
    @Row(4)
    void a_setting_is_taken_once_and_never_empty(KernelUnderTest kernel) throws Exception {
        var daemon = new RawDaemon(kernel);
        assertEquals("EINVAL", daemon.command("dir"));
        assertEquals("EINVAL", daemon.command("dir "));
        assertEquals("EINVAL", daemon.command("tag "));
        assertEquals("EINVAL", daemon.command("secctx "));
        assertEquals("ok", daemon.command("dir " + kernel.options().directory()));
        assertEquals("EEXIST", daemon.command("dir " + kernel.options().directory()));
        assertEquals("ok", daemon.command("tag one"));
        assertEquals("EEXIST", daemon.command("tag two"));
        assertEquals("ok", daemon.command("bind ondemand"));
    }

    @Test
    @Row(5)
    void limits_that_make_no_sense_are_refused(KernelUnderTest kernel) throws Exception {
        var daemon = new RawDaemon(kernel);
        for (String kind : new String[] {"b", "f"}) {
            assertEquals("EINVAL", daemon.command(kind + "run 50"));
            assertEquals("EINVAL", daemon.command(kind + "run %"));
            assertEquals("EINVAL", daemon.command(kind + "run 50%%"));
            assertEquals("EINVAL", daemon.command(kind + "run 50% "));
            assertEquals("EINVAL", daemon.command(kind + "run -1%"));
            assertEquals("EINVAL", daemon.command(kind + "run 100%"));
            assertEquals("EINVAL", daemon.command(kind + "run 5%"), "not above cull");
            assertEquals("EINVAL", daemon.command(kind + "cull 7%"), "not below run");
            assertEquals("EINVAL", daemon.command(kind + "cull 1%"), "not above stop");
            assertEquals("EINVAL", daemon.command(kind + "stop 5%"), "not below cull");
            assertEquals("ok", daemon.command(kind + "run 99%"));
            assertEquals("ok", daemon.command(kind + "cull 98%"));
            assertEquals("ok", daemon.command(kind + "stop 97%"));
        }
    }

    @Test
    @Row(5)
    void the_library_refuses_such_limits_and_sends_good_ones_in_an_order_that_works(KernelUnderTest kernel)
            throws Exception {
        assertThrows(IllegalArgumentException.class, () -> new Limits(100, 5, 1));
        assertThrows(IllegalArgumentException.class, () -> new Limits(5, 5, 1));
        assertThrows(IllegalArgumentException.class, () -> new Limits(7, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Limits(7, 5, -1));
        for (Limits limits : new Limits[] {new Limits(99, 50, 10), new Limits(2, 1, 0)}) {
            CachefilesChannel.open(
                            CacheOptions.builder(kernel.options().directory())
                                    .blockLimits(limits)
                                    .fileLimits(limits)
                                    .build(),
                            kernel.provider())
                    .close();
        }
    }

    @Test
    @Row(7)
    void a_cache_is_bound_once(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        assertEquals("EBUSY", daemon.command("bind ondemand"));
        assertEquals("EBUSY", daemon.command("bind"));
        Image image = kernel.image(4096);
        daemon.mounted(kernel.mount("a"), image);
    }

    @Test
    @Row(7)
    void bind_takes_one_argument_to_the_letter(KernelUnderTest kernel) throws Exception {
        var daemon = new RawDaemon(kernel);
        assertEquals("EINVAL", daemon.command("bind ondemand"), "no dir");
        daemon.commandTaken("dir " + kernel.options().directory());
        assertEquals("EINVAL", daemon.command("bind ondemand "));
        assertEquals("EINVAL", daemon.command("bind OnDemand"));
        assertEquals("ok", daemon.command("bind ondemand"));
    }
}
