// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.http.CredentialOrigin;
import dev.cachefiles.examples.blobserver.http.HttpSettings;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The blobs of a registry. */
public final class OciType implements SourceType {

    /** The repository or the image. */
    public static final Setting<OciReference> URL = Setting.of(
                    "url",
                    "oci://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]",
                    "an image, whose layers are served by title or digest and its EROFS layer by the repository's last"
                            + " name; or a repository, whose images are served by tag or digest",
                    value -> OciReference.parse(value instanceof Value.Text text ? text.text() : ""))
            .required();

    private static final Setting<Path> DOCKER_CONFIG = Setting.path(
            "docker-config",
            "FILE",
            "logins as docker keeps them, credential helpers too (default: $REGISTRY_AUTH_FILE,"
                    + " $DOCKER_CONFIG/config.json or ~/.docker/config.json)");
    private static final Setting<Boolean> PLAIN_HTTP = Setting.flag(
                    "plain-http", "talk to the registry without TLS; never with a password, but to this machine")
            .defaultsTo("false");
    private static final Setting<Boolean> VERIFY = Setting.flag(
                    "verify",
                    "check all bytes by digest; a blob without chunk digests is read whole once for that, before its"
                            + " first bytes are served")
            .defaultsTo("true");

    /** How long an upload may take. */
    private static final Duration UPLOAD = Duration.ofHours(6);

    /** Makes the kind. */
    public OciType() {}

    @Override
    public String name() {
        return "oci";
    }

    @Override
    public String description() {
        return "images in an OCI registry, verified by digest";
    }

    @Override
    public List<Setting<?>> settings() {
        var all = new ArrayList<>(connectionSettings());
        all.add(VERIFY);
        return List.copyOf(all);
    }

    /** The settings that matter to one who pushes. */
    static List<Setting<?>> connectionSettings() {
        var all = new ArrayList<Setting<?>>();
        all.addAll(List.of(URL, DOCKER_CONFIG));
        all.addAll(HttpSettings.CREDENTIALS);
        all.addAll(HttpSettings.CONNECTION);
        all.add(PLAIN_HTTP);
        return all;
    }

    @Override
    public Set<String> schemes() {
        return Set.of("oci");
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        return new OciResolver(registry(settings, HttpSettings.transport(settings)), settings.get(VERIFY));
    }

    /** Prepares to write to a registry. */
    static Registry forPush(Settings settings) throws IOException {
        return registry(settings, HttpSettings.transport(settings, UPLOAD));
    }

    private static Registry registry(Settings settings, HttpTransport transport) throws IOException {
        OciReference reference = settings.get(URL);
        boolean plainHttp = settings.get(PLAIN_HTTP);
        boolean plainText = HttpSettings.isPlainText(reference.api(plainHttp));
        Optional<CredentialOrigin> credentials = HttpSettings.origin(settings, plainText);
        Optional<Path> named = settings.find(DOCKER_CONFIG);
        if (credentials.isPresent() && named.isPresent()) {
            throw settings.refuse(DOCKER_CONFIG, "excludes credentials-file and credentials-command");
        }
        Login.Origin logins;
        if (credentials.isPresent()) {
            CredentialOrigin origin = credentials.get();
            logins = () -> Optional.of(Login.ofHeader(origin.header()));
        } else if (plainText) {
            logins = Optional::empty;
        } else {
            logins = new DockerConfig(
                    named.orElseGet(() -> DockerConfig.defaultFile(System.getenv())), reference.host());
        }
        return new Registry(reference, plainHttp, transport, new RegistryAuthorization(transport, logins));
    }
}
