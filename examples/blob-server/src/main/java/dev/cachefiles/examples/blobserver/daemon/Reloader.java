// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.examples.blobserver.config.CacheSection;
import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.control.ControlCommand;
import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.blobserver.support.MountTable;
import dev.cachefiles.examples.blobserver.support.Preflight;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts a configuration into force, at the start and again when it has changed. A new one that is wrong changes nothing.
 *
 * <p>Safe for use by several threads.
 */
final class Reloader implements ControlCommand {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final ConfigSource source;
    private final Router router;
    private DaemonConfig current;

    Reloader(ConfigSource source, Router router, DaemonConfig first) {
        this.source = source;
        this.router = router;
        this.current = first;
    }

    /** Puts the first configuration into force. */
    synchronized void start() throws IOException {
        Preflight preflight = preflight(current);
        preflight.ownCode();
        router.replace(current.sources(), preflight);
        preflight.cache();
    }

    /** Gives what checks directories and files that the sources of a configuration name. */
    static Preflight preflight(DaemonConfig config) throws IOException {
        CacheSection cache = config.cache();
        return new Preflight(
                MountTable.read(MountTable.SELF),
                cache.settings().label(CacheSection.DIRECTORY),
                cache.options().directory());
    }

    /** Reads the configuration again; returns what has become of it, in lines. */
    synchronized List<String> reload() throws IOException {
        DaemonConfig next = source.read();
        String changes = router.replace(next.sources(), preflight(current));
        var lines = new ArrayList<String>();
        lines.add("reloaded: " + changes);
        if (!next.cache().settings().sameAs(current.cache().settings())) {
            lines.add("the section 'cache' has changed, which takes a restart");
        }
        if (!next.server().settings().sameAs(current.server().settings())) {
            lines.add("the section 'server' has changed, which takes a restart");
        }
        if (!next.prefetch().settings().sameAs(current.prefetch().settings())) {
            lines.add("the section 'prefetch' has changed, which takes a restart");
        }
        // The sections that are in force stay: what is compared with next time, and where the cache is.
        current = new DaemonConfig(current.cache(), current.server(), current.prefetch(), next.sources());
        lines.forEach(line -> LOG.log(System.Logger.Level.INFO, "{0}", line));
        return lines;
    }

    /** Reads the configuration again, and logs what has become of it. */
    void reloadAndLog() {
        try {
            reload();
        } catch (IOException e) {
            logFailure(e);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "not reloaded, for a bug", e);
        }
    }

    private static void logFailure(IOException failure) {
        String text = failure instanceof Refusal ? String.valueOf(failure.getMessage()) : Failures.describe(failure);
        text.lines()
                .forEach(line -> LOG.log(System.Logger.Level.WARNING, "not reloaded, nothing is changed: {0}", line));
    }

    @Override
    public void run(List<String> arguments, Reply reply) throws IOException {
        List<String> lines;
        try {
            lines = reload();
        } catch (IOException e) {
            logFailure(e);
            throw e;
        }
        for (String line : lines) {
            reply.say(line);
        }
    }
}
