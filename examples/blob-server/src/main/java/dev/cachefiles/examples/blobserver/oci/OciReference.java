// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.examples.blobserver.support.Sha256;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in a registry: {@code oci://host[:port]/repository}, with {@code :tag} or {@code @sha256:...} if one image is
 * meant.
 *
 * @param host       the host, with its port if one is given
 * @param repository the repository
 * @param version    a tag or a digest; empty if the whole repository is meant
 */
public record OciReference(String host, String repository, String version) {
    private static final Pattern FORM =
            Pattern.compile("oci://([A-Za-z0-9.-]+(?::[0-9]{1,5})?|\\[[0-9a-fA-F:.]+](?::[0-9]{1,5})?)"
                    + "/([a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*)"
                    + "(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(sha256:[0-9a-f]{64}))?");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    /**
     * Reads a reference.
     *
     * @param text the reference
     * @return the place
     * @throws IllegalArgumentException if it has another form
     */
    public static OciReference parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text
                    + "' is not of the form oci://host[:port]/repository, :tag or @sha256:... after it; names of"
                    + " repositories have small letters alone");
        }
        String version = matcher.group(3) != null ? matcher.group(3) : matcher.group(4);
        return new OciReference(matcher.group(1), matcher.group(2), version == null ? "" : version);
    }

    static boolean isTag(String text) {
        return TAG.matcher(text).matches();
    }

    /**
     * Gives another version in the same repository.
     *
     * @param other a tag or a digest
     * @return the place
     */
    public OciReference at(String other) {
        return new OciReference(host, repository, other);
    }

    /** The last part of the repository's name. */
    String shortName() {
        return repository.substring(repository.lastIndexOf('/') + 1);
    }

    /** The host without its port. */
    String hostName() {
        return URI.create("oci://" + host).getHost();
    }

    /** Where the registry's interface is. Docker Hub is elsewhere than its name says. */
    URI api(boolean plainHttp) {
        String server = host.equals("docker.io") ? "registry-1.docker.io" : host;
        String path = host.equals("docker.io") && repository.indexOf('/') < 0 ? "library/" + repository : repository;
        return URI.create((plainHttp ? "http://" : "https://") + server + "/v2/" + path + "/");
    }

    @Override
    public String toString() {
        String separator = Sha256.isDigest(version) ? "@" : ":";
        return "oci://" + host + "/" + repository + (version.isEmpty() ? "" : separator + version);
    }
}
