// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import dev.cachefiles.examples.blobserver.BlobServer;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * Commands of the example {@code blob-server} other than the daemon, run in this process: that saves the start of a JVM
 * for each, which takes seconds in the virtual machine.
 */
public final class BlobServerCommand {

    private BlobServerCommand() {}

    /** Runs a command to its end. */
    public static Shell.Result run(String... arguments) {
        return run(new StringWriter(), arguments);
    }

    /** Runs a command to its end; what it prints can be seen meanwhile. */
    public static Shell.Result run(StringWriter out, String... arguments) {
        var err = new StringWriter();
        int status = BlobServer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        return new Shell.Result(status, out.toString(), err.toString());
    }

    /** Finds how many bytes a pull has fetched in what it has printed. */
    public static long fetched(String output) {
        String line = output.lines()
                .filter(text -> text.endsWith(" fetched now"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll(".*, ([0-9]+) of them fetched now", "$1"));
    }
}
