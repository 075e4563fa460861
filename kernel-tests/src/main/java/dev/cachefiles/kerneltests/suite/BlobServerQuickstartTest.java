// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands of docs/QUICKSTART.md, typed as they are there. */
class BlobServerQuickstartTest {
    private static final Path PAGE = Path.of("docs/QUICKSTART.md");

    private static List<String> commands() throws Exception {
        List<String> lines = Files.readAllLines(PAGE);
        int start = -1;
        int end = -1;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("<!-- commands")) {
                start = i + 2;
            } else if (lines.get(i).equals("<!-- /commands -->")) {
                end = i - 1;
            }
        }
        return lines.subList(start, end);
    }

    @Test
    void five_commands_lead_to_a_container_over_http() throws Exception {
        Path directory = Files.createTempDirectory("quickstart"); // with links, at which @TempDir would grumble
        List<String> commands = commands();
        assertEquals(5, commands.size(), commands::toString);
        // As on a machine of the reader's: these are on ext4 there, and the package has started the web server.
        for (String place : new String[] {"/var/cache/fscache", "/var/lib/app"}) {
            Shell.sh(
                            "mkdir -p $1 && mount --bind $2 $1",
                            place,
                            CacheDirectory.create().toString())
                    .orThrow();
        }
        Shell.sh("mkdir -p /var/log/nginx /var/lib/nginx && nginx").orThrow();
        // The fifth is a shell, which gets what one would type into it. The daemon ends with the terminal.
        String typed = """
                set -e
                PATH=$PWD/examples/blob-server/bin:$PATH
                cd "$1"
                %s
                %s
                %s
                daemon=$!
                trap 'kill $daemon; wait $daemon' EXIT
                %s
                %s <<'EOF'
                echo from inside >/written && ls /bin | grep -cx ls && cat /written
                EOF
                blob-server pull app.erofs
                blob-server umount /run/app
                """.formatted(commands.toArray());
        Shell.Result result;
        try {
            result = Shell.sh(typed, directory.toString());
        } finally {
            Shell.run("nginx", "-s", "stop");
            Shell.run("rm", "-rf", directory.toString());
        }
        assertEquals(0, result.status(), result.errors() + result.output());
        assertTrue(result.output().contains("1\nfrom inside\n"), result.output() + result.errors());
        assertEquals("from inside\n", Files.readString(Path.of("/var/lib/app/upper/written")));
        assertTrue(result.output().contains("app.erofs: 100% of "), result.output());
        Shell.sh("umount /var/cache/fscache /var/lib/app").orThrow();
    }
}
