// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The blobs of a web server. */
public final class HttpType implements SourceType {
    private static final Setting<URI> URL = Setting.url(
                    "url",
                    "where the blobs are, when it ends with '/'; any other is one blob, called like its last part",
                    "https",
                    "http")
            .required();
    private static final Setting<Map<String, String>> HEADERS =
            Setting.pairs("headers", "NAME: VALUE", "headers to send with each request");
    private static final Setting<Boolean> UNVERSIONED = Setting.flag(
                    "unversioned", "serve blobs for which the server names neither ETag nor Last-Modified")
            .defaultsTo("false");
    private static final Setting<Long> LONGEST_SKIP = Setting.size(
                    "longest-skip", "most bytes to pass over, for each read, of a server that knows no ranges", 0)
            .defaultsTo("16MiB");

    /** Makes the kind. */
    public HttpType() {}

    @Override
    public String name() {
        return "http";
    }

    @Override
    public String description() {
        return "blobs of a web server, read in ranges";
    }

    @Override
    public List<Setting<?>> settings() {
        var all = new ArrayList<Setting<?>>();
        all.add(URL);
        all.addAll(HttpSettings.CREDENTIALS);
        all.addAll(HttpSettings.CONNECTION);
        all.addAll(List.of(HEADERS, UNVERSIONED, LONGEST_SKIP));
        return List.copyOf(all);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("http", "https");
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        URI url = settings.get(URL);
        if (url.getHost() == null
                || url.getRawPath() == null
                || url.getRawPath().isEmpty()) {
            throw settings.refuse(URL, "'" + url + "' needs a host and a path, such as https://host/images/");
        }
        if (url.getRawUserInfo() != null) {
            throw settings.refuse(URL, "a URL is no place for a password, it is shown in logs; use credentials-file");
        }
        if (url.getRawFragment() != null) {
            throw settings.refuse(URL, "'#" + url.getRawFragment() + "' is not sent to a server; write # as %23");
        }
        Authorization authorization = HttpSettings.credentials(settings, HttpSettings.isPlainText(url))
                .orElse(Authorization.NONE);
        var options = new HttpSource.Options(
                headers(settings), false, !settings.get(UNVERSIONED), settings.get(LONGEST_SKIP));
        return new HttpResolver(url, HttpSettings.transport(settings), authorization, options);
    }

    private static List<String> headers(Settings settings) throws IOException {
        var headers = new ArrayList<String>();
        for (Map.Entry<String, String> header :
                settings.find(HEADERS).orElse(Map.of()).entrySet()) {
            try {
                // The client knows which names and characters are allowed.
                java.net.http.HttpRequest.newBuilder().setHeader(header.getKey(), header.getValue());
            } catch (IllegalArgumentException e) {
                throw settings.refuse(HEADERS, header.getKey() + ": " + e.getMessage());
            }
            headers.add(header.getKey());
            headers.add(header.getValue());
        }
        return headers;
    }
}
