// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.kerneltests.support.OutputLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A daemon of the library in a process of its own, which gets stuck and is killed. For real kernels only. */
final class DaemonProcess implements Closeable {
    static final String READY = "ready";

    /** A name whose OPEN is not answered. */
    static final String UNANSWERED = "unanswered";

    /** Where both threads of the daemon get stuck. Until then it serves as it should. */
    enum Fault {
        /** Nowhere. */
        NONE,

        /** At each READ of content, and at the OPEN of {@link #UNANSWERED}. */
        ANSWERS_NOT,

        /** At the first READ of content, for which it reads the mounted file that it serves itself. */
        READS_ITS_MOUNT
    }

    private final Process process;
    private final OutputLog output;

    private DaemonProcess(Process process, OutputLog output) {
        this.process = process;
        this.output = output;
    }

    /** Starts a daemon and waits until it serves. */
    static DaemonProcess start(KernelUnderTest kernel, Image image, Fault fault) throws IOException {
        Path file = Files.write(Files.createTempFile("served", ".img"), image.bytes());
        OutputLog output = OutputLog.create();
        List<String> command = command(kernel, file, System.getProperty("java.class.path"));
        command.add(fault.name());
        Process process = output.of(new ProcessBuilder(command)).start();
        var daemon = new DaemonProcess(process, output);
        kernel.closeAtEnd(daemon);
        output.awaitLine(READY, process);
        Files.delete(file);
        return daemon;
    }

    /** The program of a daemon, of which the name of a {@link Fault} is missing. */
    static List<String> command(KernelUnderTest kernel, Path image, String classPath) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath,
                DaemonMain.class.getName(),
                kernel.options().directory().toString(),
                image.toString()));
    }

    /** Waits until a thread of the daemon is stuck in a request, READ or OPEN. */
    void awaitStuck(String request) throws IOException {
        output.awaitLine(stuck(request), process);
    }

    /** What the daemon prints then. */
    static String stuck(String request) {
        return "stuck in " + request;
    }

    /** Sends SIGKILL and waits for the end. */
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("the daemon is alive after SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
