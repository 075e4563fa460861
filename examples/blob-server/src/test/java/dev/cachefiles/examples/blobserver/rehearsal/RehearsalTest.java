// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.rehearsal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a process of its own, as the build runs it. */
class RehearsalTest {
    private static final Path PROGRAMS = Path.of(System.getProperty("java.home"), "bin");

    @TempDir
    Path directory;

    private void run(String program, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(PROGRAMS.resolve(program).toString()));
        command.addAll(List.of(arguments));
        File output = directory.resolve("output").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        assertEquals(0, process.waitFor(), () -> {
            try {
                return Files.readString(output.toPath());
            } catch (java.io.IOException e) {
                return e.toString();
            }
        });
    }

    @Test
    void whatReadsOfAFileAndOverTlsAndHttp2TakeIsLoaded() throws Exception {
        String keys = directory.resolve("keys.p12").toString();
        String certificate = directory.resolve("certificate.pem").toString();
        run(
                "keytool",
                ("-genkeypair -alias server -keyalg EC -groupname secp256r1 -dname CN=localhost -ext san=ip:127.0.0.1"
                                + " -storetype PKCS12 -storepass rehearsal -keystore " + keys)
                        .split(" "));
        run(
                "keytool",
                ("-exportcert -rfc -alias server -storepass rehearsal -keystore " + keys + " -file " + certificate)
                        .split(" "));
        Path classes = directory.resolve("classes");
        run(
                "java",
                "-XX:DumpLoadedClassList=" + classes,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Rehearsal.class.getName(),
                directory.toString(),
                "rehearsal");
        String loaded = Files.readString(classes);
        for (String name : new String[] {
            "dev/cachefiles/examples/blobserver/control/ControlServer",
            "dev/cachefiles/ffm/LinuxAnonFile",
            "dev/cachefiles/examples/blobserver/sources/FileSource",
            "dev/cachefiles/BlockingEngine",
            "dev/cachefiles/CloseRequest",
            "jdk/internal/net/http/Http2Connection",
            "sun/security/ssl/SSLEngineImpl",
            "java/lang/VirtualThread",
            "dev/cachefiles/blob/layer/Retry",
            "dev/cachefiles/examples/blobserver/http/Body"
        }) {
            assertTrue(loaded.contains("\n" + name + " "), name);
        }
    }
}
