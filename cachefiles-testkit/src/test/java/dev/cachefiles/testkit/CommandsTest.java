// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The answers to commands other than copen. */
class CommandsTest {
    private final FakeKernel kernel = FakeKernel.create();

    @ParameterizedTest(name = "after \"{0}\": \"{1}\" is {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    # before           | command              | answer
                    ""                 | ""                   | EOPNOTSUPP
                    ""                 | frobnicate           | EOPNOTSUPP
                    ""                 | BIND                 | EOPNOTSUPP
                    ""                 | " dir /cache"        | EOPNOTSUPP
                    ""                 | "dir\t/cache"        | ok
                    ""                 | dir                  | EINVAL
                    dir /cache         | dir /other           | EEXIST
                    ""                 | tag                  | EINVAL
                    tag a              | tag b                | EEXIST
                    ""                 | secctx               | EINVAL
                    ""                 | secctx some_t        | EOPNOTSUPP
                    ""                 | debug                | ok
                    ""                 | debug 0x7            | ok
                    ""                 | debug x              | EINVAL
                    ""                 | bind ondemand        | EINVAL
                    dir /cache         | bind ondemand        | ok
                    dir /cache         | bind                 | ok
                    dir /cache         | bind on-demand       | EINVAL
                    dir /cache         | "bind ondemand "     | EINVAL
                    dir /cache;bind ondemand | bind ondemand  | EBUSY
                    ""                 | copen 0,1            | EOPNOTSUPP
                    ""                 | restore              | EOPNOTSUPP
                    dir /cache;bind ondemand | restore        | ok
                    dir /cache;bind ondemand | copen 0,1      | EINVAL
                    dir /cache;bind ondemand | inuse a        | ENOENT
                    dir /cache;bind ondemand | cull a         | ENOENT
                    dir /cache;bind ondemand | cull a/b       | EINVAL
                    dir /cache;bind ondemand | inuse ..       | EIO
                    ""                 | inuse a              | EIO
                    ""                 | brun 10%             | ok
                    ""                 | brun 10              | EINVAL
                    ""                 | brun 10%%            | EINVAL
                    ""                 | brun -1%             | EINVAL
                    ""                 | brun 100%            | EINVAL
                    ""                 | brun 5%              | EINVAL
                    ""                 | bcull 7%             | EINVAL
                    ""                 | bcull 1%             | EINVAL
                    ""                 | bstop 5%             | EINVAL
                    ""                 | bstop 0%             | ok
                    ""                 | fcull 20%            | EINVAL
                    frun 30%           | fcull 20%            | ok
                    frun 30%           | bcull 20%            | EINVAL
                    """)
    void aCommandIsAnsweredAsByTheKernel(String before, String command, String answer) throws IOException {
        var daemon = new RawDaemon(kernel);
        Pattern.compile(";").splitAsStream(before).filter(c -> !c.isEmpty()).forEach(daemon::commandTaken);
        assertEquals(answer, daemon.command(command));
    }

    @Test
    void textFromTheFirstNewlineOnIsDropped() throws IOException {
        var daemon = new RawDaemon(kernel);
        assertEquals("ok", daemon.command("debug 0\nfrobnicate"));
        assertEquals("EINVAL", daemon.command("\ndebug 0"));
    }

    @Test
    void aNulAnywhereIsRefused() throws IOException {
        assertEquals("EINVAL", new RawDaemon(kernel).command("debug 0\0"));
    }

    @Test
    void aCommandOfMoreThan4095BytesIsRefused() throws IOException {
        var daemon = new RawDaemon(kernel);
        assertEquals("EOPNOTSUPP", daemon.command("dir " + "x".repeat(4092)));
        assertEquals("ok", daemon.command("dir " + "x".repeat(4091)));
    }

    @Test
    void everyCommandFailsOnceTheCacheIsDead() throws IOException {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.disk().fail();
        assertEquals("EIO", daemon.command("debug 0"));
        assertEquals("EIO", daemon.command("no such verb"));
    }

    @Test
    void aKernelWithoutOnDemandModeKnowsNothingOfIt() throws IOException {
        var daemon = new RawDaemon(FakeKernel.builder().withoutOnDemand().build());
        daemon.commandTaken("dir /cache");
        assertEquals("EINVAL", daemon.command("bind ondemand"));
        assertEquals("EOPNOTSUPP", daemon.command("copen 0,0"));
        assertEquals("EOPNOTSUPP", daemon.command("restore"));
        assertEquals("ok", daemon.command("bind"));
    }

    @Test
    void commandsAreRecordedInTheirOrder() throws IOException {
        var daemon = new RawDaemon(kernel);
        daemon.command("dir /a");
        daemon.command("nonsense");
        assertEquals(List.of("dir /a", "nonsense"), kernel.commands());
    }
}
