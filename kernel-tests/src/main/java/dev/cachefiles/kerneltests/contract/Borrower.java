// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.kerneltests.support.OutputLog;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * A process that shares an open file with this one, as a child would that has inherited its fd; which no child of a
 * process of Java can. For real kernels only.
 */
final class Borrower implements Closeable {
    private static final String READY = "ready";

    /** Arguments: id of this process, number of the fd. Numbers of system calls are those of x86-64. */
    private static final String BORROW = """
            $| = 1;
            my $process = syscall(434, $ARGV[0] + 0, 0);
            my $fd = syscall(438, $process, $ARGV[1] + 0, 0);
            $fd >= 0 or die "pidfd_getfd: $!";
            print "ready\\n";
            """;

    /** Reads and writes nothing. */
    static final String HOLD = "sleep";

    /** Serves a device: accepts each OPEN with the size of the third argument, and is stuck at the first READ. */
    static final String ANSWER_NO_READ = """
            open(my $device, '+<&=', $fd) or die "open: $!";
            while (1) {
              my $count = sysread($device, my $message, 1024);
              defined $count or die "read: $!";
              my ($id, $opcode) = $count ? unpack('LL', $message) : (0, -1);
              syswrite($device, "copen $id,$ARGV[2]") or die "copen: $!" if $opcode == 0;
              if ($opcode == 2) { print "stuck\\n"; sleep }
              select(undef, undef, undef, 0.005);
            }
            """;

    private final Process process;
    private final OutputLog output;

    private Borrower(Process process, OutputLog output) {
        this.process = process;
        this.output = output;
    }

    /** Starts a script in a process that shares the file behind an fd, and waits until it does. */
    static Borrower start(KernelUnderTest kernel, int fd, String script, Object... more) throws IOException {
        OutputLog output = OutputLog.create();
        var builder = new ProcessBuilder(
                "perl",
                "-e",
                BORROW + script,
                Long.toString(ProcessHandle.current().pid()),
                Integer.toString(fd));
        for (Object argument : more) {
            builder.command().add(argument.toString());
        }
        Process process = output.of(builder).start();
        var borrower = new Borrower(process, output);
        kernel.closeAtEnd(borrower);
        output.awaitLine(READY, process);
        return borrower;
    }

    /** The number of the process. */
    long pid() {
        return process.pid();
    }

    /** Waits until it is stuck. */
    void awaitStuck() throws IOException {
        output.awaitLine("stuck", process);
    }

    /** Sends SIGKILL and waits for the end. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("alive after SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
