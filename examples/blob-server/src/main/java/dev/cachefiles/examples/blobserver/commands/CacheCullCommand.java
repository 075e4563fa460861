// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CacheKeeper;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullResult;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.examples.blobserver.config.Pins;
import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
            "Removes blobs from a cache that no daemon serves at the moment: the command binds it for as long as it takes."
                    + " A daemon culls by itself, see --budget of 'serve'.",
            "",
            "The kernel does the removing, and refuses it for what is in use.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:it did not work, or a blob that was named is in use or not there", "2:wrong usage"
        })
final class CacheCullCommand implements Callable<Integer> {
    private static final Setting<Long> SIZE = Setting.size("budget", "what the cache may take", 1);
    private static final int INCOMPLETE = 1;

    private final CacheOpener opener;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--cache-dir", paramLabel = "DIR", required = true, description = "the directory of the cache")
    private Path directory = Path.of("");

    @Option(names = "--all", description = "cull all blobs")
    private boolean all;

    @Option(
            names = "--budget",
            paramLabel = "SIZE",
            description = "cull the least recently used blobs, until the cache takes no more than this")
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

    @Option(
            names = "--tag",
            paramLabel = "T",
            defaultValue = CacheOptions.DEFAULT_TAG,
            description = "the cache's tag, that of the daemon (default: ${DEFAULT-VALUE})")
    private String tag = CacheOptions.DEFAULT_TAG;

    @Option(
            names = "--device",
            paramLabel = "PATH",
            defaultValue = "/dev/cachefiles",
            description = "the kernel's device (default: ${DEFAULT-VALUE})")
    private Path device = CacheOptions.DEFAULT_DEVICE;

    CacheCullCommand(CacheOpener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        CacheOptions options = options();
        PrintWriter out = Commands.line(spec).getOut();
        try (CachefilesChannel channel = opener.open(options)) {
            return domain == null ? keep(channel, out) : cullDomain(channel, domain, out);
        } finally {
            out.flush();
        }
    }

    private CacheOptions options() throws ConfigException {
        if ((all ? 1 : 0) + (budget != null ? 1 : 0) + (domain != null ? 1 : 0) != 1) {
            throw wrong("one of --all, --budget=SIZE and --domain=DOMAIN must be given");
        }
        if (domain == null && !names.isEmpty()) {
            throw wrong("--name goes with --domain");
        }
        if (domain != null && !pins.isEmpty()) {
            throw wrong("--pin goes with --all or --budget");
        }
        try {
            if (budget != null) {
                bytes(budget);
            }
            return CacheOptions.builder(directory).tag(tag).device(device).build();
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
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

    private int keep(CachefilesChannel channel, PrintWriter out) throws IOException, InterruptedException {
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
            return 0;
        }
    }

    private int cullDomain(CachefilesChannel channel, String name, PrintWriter out) throws IOException {
        VolumeKey volume = VolumeKey.of("erofs," + name);
        boolean complete = true;
        try (CacheCuller culler = channel.culler()) {
            List<CookieKey> cookies =
                    new ArrayList<>(names.stream().map(CookieKey::of).toList());
            Optional<CachedVolume> found = culler.tree().volume(volume);
            if (names.isEmpty() && found.isPresent()) {
                found.get().objects().forEach(object -> object.cookie().ifPresent(cookies::add));
            }
            for (CookieKey cookie : cookies) {
                complete &= cull(culler, volume, cookie, out);
            }
            if (names.isEmpty() && !dryRun) {
                complete &= culler.cullVolume(volume) != CullResult.IN_USE;
            }
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
        return complete ? 0 : INCOMPLETE;
    }

    private boolean cull(CacheCuller culler, VolumeKey volume, CookieKey cookie, PrintWriter out) throws IOException {
        CullResult result;
        if (dryRun) {
            result = switch (culler.use(volume, cookie)) {
                case FREE -> CullResult.CULLED;
                case IN_USE -> CullResult.IN_USE;
                case ABSENT -> CullResult.ABSENT;
            };
        } else {
            result = culler.cull(volume, cookie);
        }
        String what = volume + "/" + cookie;
        out.println(
                switch (result) {
                    case CULLED -> (dryRun ? "would cull " : "culled ") + what;
                    case IN_USE -> what + " is in use";
                    case ABSENT -> what + " is not in the cache";
                });
        return result == CullResult.CULLED;
    }
}
