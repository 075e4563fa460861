// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CacheKeeper;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.examples.blobserver.config.Pins;
import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import dev.cachefiles.examples.blobserver.daemon.DomainCull;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Origin;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blob-server cache cull}: removes blobs from a cache that no daemon serves. */
@Command(
        name = "cull",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Removes blobs from the cache of the daemon that runs; or, with --cache-dir, from one that no daemon serves at"
                    + " the moment: the command binds it for as long as it takes. A daemon culls by itself, see --budget"
                    + " of 'serve'.",
            "",
            "The kernel does the removing, and refuses it for what is in use.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:it did not work, or a blob that was named is in use or not there", "2:wrong usage"
        })
final class CacheCullCommand implements Callable<Integer> {
    private static final Setting<Long> SIZE = Setting.size("budget", "what the cache may take", 1);

    private final CacheOpener opener;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--cache-dir", paramLabel = "DIR", description = "the directory of a cache that no daemon serves")
    private @Nullable Path directory;

    @Option(names = "--all", description = "with --cache-dir: cull all blobs")
    private boolean all;

    @Option(
            names = "--budget",
            paramLabel = "SIZE",
            description =
                    "with --cache-dir: cull the least recently used blobs, until the cache takes no more than this")
    private @Nullable String budget;

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = "cull the blobs of this domain; an image that is mounted without one is its own domain")
    private @Nullable String domain;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "of the domain, cull only the blob of this name; may be repeated")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--pin",
            paramLabel = "[DOMAIN/]NAME",
            description = "with --all or --budget: leave these blobs alone; * stands for any text; may be repeated")
    private List<String> pins = new ArrayList<>();

    @Option(names = "--dry-run", description = "only say what would be culled")
    private boolean dryRun;

    @Mixin
    private DeviceOptions cache = new DeviceOptions();

    @Mixin
    private RuntimeOption runtime = new RuntimeOption();

    CacheCullCommand(CacheOpener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        PrintWriter out = Commands.line(spec).getOut();
        Path own = directory;
        String wanted = domain;
        try {
            if (own == null) {
                cullDomain(String.valueOf(wanted), out);
                return 0;
            }
            try (CachefilesChannel channel = opener.open(cache.cache(own, Commands.line(spec)))) {
                if (wanted == null) {
                    keep(channel, out);
                } else {
                    cullDomain(channel, wanted, out);
                }
                return 0;
            }
        } finally {
            out.flush();
        }
    }

    private void check() throws ConfigException {
        if ((all ? 1 : 0) + (budget != null ? 1 : 0) + (domain != null ? 1 : 0) != 1) {
            throw wrong("one of --all, --budget=SIZE and --domain=DOMAIN must be given");
        }
        if (domain == null && directory == null) {
            throw wrong("--all and --budget go with --cache-dir; a daemon keeps to its own budget");
        }
        if (domain == null && !names.isEmpty()) {
            throw wrong("--name goes with --domain");
        }
        if (domain != null && !pins.isEmpty()) {
            throw wrong("--pin goes with --all or --budget");
        }
        if (budget != null) {
            bytes(budget);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(Commands.line(spec), message);
    }

    private static long bytes(String text) throws ConfigException {
        Origin origin = Origin.option("--budget");
        var problems = new Problems();
        var written = new Value.Mapping(origin, Map.of(SIZE.name(), new Value.Text(origin, text)));
        Settings settings = Settings.read(written, List.of(SIZE), problems);
        problems.throwIfAny();
        return settings.get(SIZE);
    }

    private void keep(CachefilesChannel channel, PrintWriter out) throws IOException, InterruptedException {
        CullingPolicy.Builder policy = CullingPolicy.builder().pin(new Pins(pins));
        if (budget == null) {
            policy.budget(1, 0);
        } else {
            policy.budget(bytes(budget), bytes(budget));
        }
        if (dryRun) {
            policy.dryRun();
        }
        try (var keeper = new CacheKeeper(channel, policy.build())) {
            keeper.emptyGraveyard();
            CullReport report = keeper.keep();
            for (CachedObject object : report.culled()) {
                out.println((dryRun ? "would cull " : "culled ") + object);
            }
            out.println(report);
        }
    }

    /** Has the daemon cull. */
    private void cullDomain(String wanted, PrintWriter out) throws IOException {
        var words = new ArrayList<>(List.of("cull", dryRun ? "dry-run" : "now", wanted));
        words.addAll(names);
        try (var reply = PullProgress.on(out)) {
            runtime.client().ask(words, reply);
        }
    }

    private void cullDomain(CachefilesChannel channel, String wanted, PrintWriter out) throws IOException {
        try (CacheCuller culler = channel.culler()) {
            new DomainCull(wanted, names, dryRun).run(culler, out::println);
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }
}
