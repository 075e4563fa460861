// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.examples.blobserver.http.Credentials;
import dev.cachefiles.examples.blobserver.http.Program;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The logins that {@code docker login} and its like have left: in the file itself, or with a program that is named there
 * ({@code credHelpers}, {@code credsStore}).
 *
 * @param file the file, which may be missing
 * @param host the registry, with its port if it has one
 */
record DockerConfig(Path file, String host) implements Login.Origin {
    private static final String TOKEN_USER = "<token>";

    /** Where the file is if nobody says otherwise. */
    static Path defaultFile(Map<String, String> environment) {
        String named = environment.getOrDefault("REGISTRY_AUTH_FILE", "");
        if (!named.isEmpty()) {
            return Path.of(named);
        }
        String directory = environment.getOrDefault("DOCKER_CONFIG", "");
        return directory.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".docker", "config.json")
                : Path.of(directory, "config.json");
    }

    @Override
    public Optional<Login> login() throws IOException {
        Json config;
        try {
            config = Json.parse(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new PermanentException(
                    file + ": cannot be read as the configuration of docker: " + Failures.describe(e));
        }
        for (String name : names()) {
            String helper = config.object("credHelpers").text(name);
            if (!helper.isEmpty()) {
                return fromHelper(helper, name);
            }
        }
        for (String name : names()) {
            Optional<Login> login = fromFile(config.object("auths").object(name), name);
            if (login.isPresent()) {
                return login;
            }
        }
        String store = config.text("credsStore");
        return store.isEmpty() ? Optional.empty() : fromHelper(store, names().getFirst());
    }

    /** What the registry may be called. */
    private List<String> names() {
        return host.equals("docker.io")
                ? List.of("https://index.docker.io/v1/", "index.docker.io", "docker.io")
                : List.of(
                        host, "https://" + host, "http://" + host, "https://" + host + "/", "https://" + host + "/v2/");
    }

    private Optional<Login> fromFile(Json entry, String name) throws PermanentException {
        if (!entry.text("identitytoken").isEmpty()) {
            return Optional.of(new Login("", entry.text("identitytoken")));
        }
        if (!entry.text("registrytoken").isEmpty()) {
            return Optional.of(Login.ofHeader("Bearer " + entry.text("registrytoken")));
        }
        String auth = entry.text("auth");
        if (auth.isEmpty()) {
            return entry.text("username").isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            Login.ofHeader(Credentials.basic(entry.text("username") + ":" + entry.text("password"))));
        }
        try {
            String text = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
            if (text.indexOf(':') > 0) {
                return Optional.of(Login.ofHeader(Credentials.basic(text)));
            }
        } catch (IllegalArgumentException e) {
            // What it holds is a secret: not even the exception is shown.
        }
        throw new PermanentException(file + ": 'auth' of '" + name + "' is not base64 of user:password");
    }

    private static Optional<Login> fromHelper(String helper, String name) throws IOException {
        if (!helper.matches("[A-Za-z0-9._-]+")) {
            throw new PermanentException("'" + helper + "' is no name of a credential helper");
        }
        String program = "docker-credential-" + helper;
        Program.Result result = Program.execute(List.of(program, "get"), name);
        if (result.status() != 0) {
            // By the helpers' convention.
            if (result.output().contains("credentials not found")) {
                return Optional.empty();
            }
            // Helpers give their reasons where others give the secret: it is not shown here.
            throw new PermanentException(
                    result.failure(program).getMessage() + "; to see more: echo " + name + " | " + program + " get");
        }
        Json answer;
        try {
            answer = Json.parse(result.output().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new PermanentException("what " + program + " has printed " + e.getMessage());
        }
        String secret = answer.text("Secret");
        if (secret.isEmpty()) {
            throw new PermanentException(program + " has printed no 'Secret' for " + name);
        }
        if (answer.text("Username").equals(TOKEN_USER)) {
            return Optional.of(new Login("", secret));
        }
        return Optional.of(Login.ofHeader(Credentials.basic(answer.text("Username") + ":" + secret)));
    }
}
