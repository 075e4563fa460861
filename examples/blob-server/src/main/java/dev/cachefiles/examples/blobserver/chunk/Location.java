// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpResolver;
import dev.cachefiles.examples.blobserver.http.HttpSettings;
import dev.cachefiles.examples.blobserver.http.HttpSource;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where the files of a format are: a directory, or a web server. */
public sealed interface Location {

    /** The settings that a group with a location must have, for when it is a web server. */
    List<Setting<?>> HTTP = http();

    /**
     * A directory.
     *
     * @param path its path
     */
    record Directory(Path path) implements Location {}

    /**
     * Files on a web server.
     *
     * @param url the URL that they are below, ending with a slash
     */
    record Web(URI url) implements Location {}

    private static List<Setting<?>> http() {
        var settings = new ArrayList<Setting<?>>(HttpSettings.CREDENTIALS);
        settings.addAll(HttpSettings.CONNECTION);
        return List.copyOf(settings);
    }

    /**
     * A setting for a location: a path, or a URL of {@code http} or {@code https}; also with a scheme before it that names
     * the kind of source, as in {@code nydus:/srv/images} or {@code casync:https://host/images/}.
     *
     * @param name        the name of the setting
     * @param scheme      the scheme that may stand before it
     * @param description one line for the help
     * @return the setting
     */
    static Setting<Location> setting(String name, String scheme, String description) {
        return Setting.of(name, "DIR|URL", description, value -> {
            if (!(value instanceof Value.Text written)) {
                throw new IllegalArgumentException("must be one value");
            }
            String text = written.text();
            if (text.regionMatches(true, 0, scheme + ":", 0, scheme.length() + 1)) {
                text = text.substring(scheme.length() + 1);
                text = text.startsWith("///") ? text.substring(2) : text;
            }
            String lower = text.toLowerCase(Locale.ROOT);
            return lower.startsWith("http:") || lower.startsWith("https:")
                    ? web(text)
                    : directory(text, written.origin().base());
        });
    }

    private static Location web(String text) {
        URI url;
        try {
            url = new URI(text.endsWith("/") ? text : text + "/");
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("is not a URL: " + e.getMessage(), e);
        }
        if (url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "'" + text + "' must have a host, and neither '?' nor '#', such as https://host/images/");
        }
        if (url.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a URL is no place for a password, it is shown in logs; use credentials-file");
        }
        return new Web(url);
    }

    private static Location directory(String text, Path base) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        if (text.startsWith("//")) {
            throw new IllegalArgumentException(
                    "'" + text + "' names another machine; a directory begins with one slash");
        }
        try {
            return new Directory(base.resolve(text));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("is not a path: " + e.getMessage(), e);
        }
    }

    /**
     * Gives a location in this one.
     *
     * @param name the name of a directory in it
     * @return the location
     */
    default Location child(String name) {
        return switch (this) {
            case Directory directory -> new Directory(directory.path().resolve(name));
            case Web web -> new Web(web.url().resolve("./" + name + "/"));
        };
    }

    /**
     * Makes a resolver for the files there, by their names.
     *
     * @param setting  the setting that this is the value of, for messages
     * @param settings its group, with {@link #HTTP}
     * @param context  what the daemon provides
     * @return the resolver; closed if it is {@link java.io.Closeable}
     * @throws IOException if there is no such directory, or settings do not go together
     */
    default BlobResolver files(Setting<?> setting, Settings settings, SourceContext context) throws IOException {
        return switch (this) {
            case Directory directory ->
                new DirectoryResolver(context.preflight().blobs(settings.label(setting), directory.path()));
            case Web web -> {
                Authorization authorization = authorization(web, settings);
                HttpTransport transport = HttpSettings.transport(settings);
                yield new HttpResolver(
                        web.url(), transport, authorization, new HttpSource.Options(List.of(), false, false, 16 << 20));
            }
        };
    }

    /**
     * Gives the credentials for a web server.
     *
     * @param web      where
     * @param settings a group with {@link #HTTP}
     * @return the credentials
     * @throws IOException if the settings do not go together
     */
    static Authorization authorization(Web web, Settings settings) throws IOException {
        return HttpSettings.credentials(settings, HttpSettings.isPlainText(web.url()))
                .orElse(Authorization.NONE);
    }
}
