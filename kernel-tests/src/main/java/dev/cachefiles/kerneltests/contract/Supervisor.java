// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.kerneltests.support.OutputLog;
import dev.cachefiles.kerneltests.support.Shell;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that opens the device, binds the cache, and starts a daemon of the library, and another one whenever that ends. They inherit
 * the device in the way of systemd. For real kernels only.
 */
final class Supervisor implements Closeable {

    /** Arguments: the cache's directory; the program of the daemon; what the first daemon does, and what the others do. */
    private static final String SCRIPT = """
            $| = 1;
            $^F = 255;
            my $directory = shift(@ARGV);
            my @tasks = splice(@ARGV, -2);
            open(my $device, '+<', '/dev/cachefiles') or die "open: $!";
            fileno($device) == 3 or die "not the first fd";
            syswrite($device, $_) or die "$_: $!" for ("dir $directory", "bind ondemand");
            my $worker = 0;
            $SIG{TERM} = sub { kill 'KILL', $worker; waitpid($worker, 0); exit 0 };
            while (1) {
              $worker = fork() // die "fork: $!";
              if ($worker == 0) {
                $ENV{LISTEN_PID} = $$;
                $ENV{LISTEN_FDS} = 1;
                $ENV{LISTEN_FDNAMES} = 'cachefiles';
                exec(@ARGV, $tasks[0]) or die "exec: $!";
              }
              print "worker $worker\\n";
              waitpid($worker, 0);
              print "ended $worker\\n";
              shift(@tasks) if @tasks > 1;
            }
            """;

    private final Process process;
    private final OutputLog output;

    private Supervisor(Process process, OutputLog output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts a supervisor and waits until its first daemon serves.
     *
     * @param launcher a command that runs the daemon, such as setpriv; empty for none
     * @param classPath where the daemon's classes are
     * @param first    what goes wrong with the first daemon
     */
    static Supervisor start(
            KernelUnderTest kernel, Image image, List<String> launcher, String classPath, DaemonProcess.Fault first)
            throws IOException {
        Path file = Files.write(Files.createTempFile("served", ".img"), image.bytes());
        Shell.run("chmod", "a+r", file.toString()).orThrow();
        OutputLog output = OutputLog.create();
        List<String> command = new ArrayList<>(
                List.of("perl", "-e", SCRIPT, kernel.options().directory().toString()));
        command.addAll(launcher);
        command.addAll(DaemonProcess.command(kernel, file, classPath));
        command.addAll(List.of(first.name(), DaemonProcess.Fault.NONE.name()));
        Process process = output.of(new ProcessBuilder(command)).start();
        var supervisor = new Supervisor(process, output);
        kernel.closeAtEnd(supervisor);
        output.awaitLine(DaemonProcess.READY, process);
        return supervisor;
    }

    /** Waits until the daemon is stuck in a request, READ or OPEN. */
    void awaitStuck(String request) throws IOException {
        output.awaitLine(DaemonProcess.stuck(request), process);
    }

    /** Kills the daemon that runs now; another one follows. */
    void killDaemon() throws IOException {
        long daemon = Files.readAllLines(output.file()).stream()
                .filter(line -> line.startsWith("worker "))
                .mapToLong(line -> Long.parseLong(line.substring("worker ".length())))
                .reduce((earlier, later) -> later)
                .orElseThrow();
        ProcessHandle.of(daemon).orElseThrow().destroyForcibly();
        output.awaitLine("ended " + daemon, process);
    }

    /** What it and its daemons have printed. */
    String log() throws IOException {
        return Files.readString(output.file());
    }

    /** Ends the daemon and itself. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("alive after SIGTERM");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
