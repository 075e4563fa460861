// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.oci.ImagePush;
import dev.cachefiles.examples.blobserver.oci.OciReference;
import dev.cachefiles.examples.blobserver.oci.OciType;
import dev.cachefiles.examples.blobserver.settings.Origin;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blob-server push}. */
@Command(
        name = "push",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Puts an EROFS image into a registry, together with the digests of its chunks, so that those who mount it"
                    + " from there can verify each part of it before they have the whole.",
            "",
            "Prints the image's place with its digest. What the registry has is not sent again: repeat a push that was"
                    + " interrupted.",
            ""
        },
        optionListHeading = "Options:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:the image is there", "1:it is not, for the reason that was printed", "2:wrong usage"})
public final class PushCommand implements Callable<Integer> {
    private static final Setting<Long> CHUNK_SIZE = Setting.size("chunk-size", "bytes in a chunk", 1);

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "the file")
    private Path image = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "oci://HOST[:PORT]/REPOSITORY[:TAG]",
            description = "where to; without a tag, it can be found by its digest alone")
    private String target = "";

    @Option(names = "--title", paramLabel = "NAME", description = "the layer's name (default: that of the file)")
    private @Nullable String title;

    @Option(
            names = "--chunk-size",
            paramLabel = "SIZE",
            defaultValue = "1MiB",
            description = "bytes that have a digest of their own, and are fetched together: a power of two from 4KiB to"
                    + " 16MiB (default: ${DEFAULT-VALUE})")
    private String chunkSize = "1MiB";

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "a setting of the type 'oci' such as ca or credentials-file; see 'blob-server serve --help'")
    private Map<String, String> more = new LinkedHashMap<>();

    @Option(names = "--verbose", description = "show stack traces")
    @SuppressWarnings("UnusedVariable") // whoever shows a failure looks for the option
    private boolean verbose;

    /** Makes the command. */
    public PushCommand() {}

    @Override
    public Integer call() throws IOException {
        CommandLine line = Commands.line(spec);
        Path name = image.getFileName();
        String label = title != null ? title : String.valueOf(name);
        try (var push = new ImagePush(settings(), chunkBytes(), text -> {
            line.getErr().println(text);
            line.getErr().flush();
        })) {
            OciReference pushed = push.push(image, label);
            line.getOut().println(pushed);
        }
        return CommandLine.ExitCode.OK;
    }

    private long chunkBytes() throws IOException {
        Origin option = Origin.option("--chunk-size");
        Map<String, Value> written = Map.of(CHUNK_SIZE.name(), new Value.Text(option, chunkSize));
        var problems = new Problems();
        Settings settings = Settings.read(new Value.Mapping(option, written), List.of(CHUNK_SIZE), problems);
        problems.throwIfAny();
        return settings.get(CHUNK_SIZE);
    }

    private Settings settings() throws IOException {
        var written = new LinkedHashMap<String, Value>();
        more.forEach((name, value) -> written.put(name, new Value.Text(Origin.option("--set " + name), value)));
        written.put(OciType.URL.name(), new Value.Text(Origin.option("the target"), target));
        var problems = new Problems();
        Settings settings = Settings.read(
                new Value.Mapping(Origin.option("the command line"), written), new OciType().settings(), problems);
        problems.throwIfAny();
        return settings;
    }
}
