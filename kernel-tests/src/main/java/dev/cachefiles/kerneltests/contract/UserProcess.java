// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A process that makes one system call or a few, and tells its error number. Its scripts are run by perl, which starts in
 * no time and can make any system call.
 */
final class UserProcess {
    private static final int SIGNALLED = 128;

    /** Numbers of system calls are those of x86-64. */
    static final String MOUNT = """
            my ($point, $options) = @ARGV;
            my ($none, $erofs) = ("none", "erofs");
            exit(syscall(165, $none, $point, $erofs, 1, $options) == 0 ? 0 : $!+0);
            """;

    /** Arguments: a point and options for each. Mounts all at once; prints the errors, each as a byte. */
    static final String MOUNT_ALL = """
            my @children;
            while (my ($point, $options) = splice(@ARGV, 0, 2)) {
              my $child = fork() // exit $!+0;
              if ($child == 0) {
                my ($none, $erofs) = ("none", "erofs");
                exit(syscall(165, $none, $point, $erofs, 1, $options) == 0 ? 0 : $!+0);
              }
              push(@children, $child);
            }
            for my $child (@children) {
              waitpid($child, 0);
              syswrite(STDOUT, chr($? >> 8));
            }
            """;

    /** Arguments: points. */
    static final String UNMOUNT = """
            for my $point (@ARGV) {
              syscall(166, $point, 0) == 0 or exit $!+0;
            }
            """;

    /** Arguments: file, offset, length, advice of posix_fadvise(2). */
    static final String READ = """
            my ($path, $offset, $left, $advice) = @ARGV;
            open(my $file, '<:raw', $path) or exit $!+0;
            syscall(221, fileno($file), 0, 0, $advice+0);
            sysseek($file, $offset, 0) or exit $!+0;
            while ($left > 0) {
              my $count = sysread($file, my $bytes, $left);
              exit $!+0 unless defined $count;
              last unless $count;
              syswrite(STDOUT, $bytes);
              $left -= $count;
            }
            """;

    /** Arguments: file, length, offsets. Reads in a process for each, all at once; prints the bytes in order. */
    static final String READ_EACH = """
            my ($path, $length, @offsets) = @ARGV;
            my @pipes;
            for my $offset (@offsets) {
              my $child = open(my $pipe, '-|') // exit $!+0;
              if ($child == 0) {
                open(my $file, '<:raw', $path) or exit $!+0;
                syscall(221, fileno($file), 0, 0, 1);
                sysseek($file, $offset, 0) or exit $!+0;
                my $count = sysread($file, my $bytes, $length);
                exit $!+0 unless defined $count;
                syswrite(STDOUT, $bytes);
                exit 0;
              }
              push(@pipes, $pipe);
            }
            for my $pipe (@pipes) {
              binmode($pipe);
              local $/;
              syswrite(STDOUT, <$pipe> // '');
              close($pipe) or exit($? >> 8);
            }
            """;

    /** Arguments: file, offset of a page, length. Reads through a mapping. */
    static final String READ_MAPPED = """
            my ($path, $offset, $length) = @ARGV;
            open(my $file, '<:raw', $path) or exit $!+0;
            my $address = syscall(9, 0, $length+0, 1, 1, fileno($file), $offset+0);
            exit $!+0 if $address == -1;
            syswrite(STDOUT, unpack("P$length", pack('Q', $address)));
            """;

    private final Process process;
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();

    private UserProcess(Process process) {
        this.process = process;
    }

    /** Starts a script. */
    static UserProcess start(String name, String script, String... arguments) {
        List<String> command = new ArrayList<>(List.of("perl", "-we", script));
        command.addAll(List.of(arguments));
        try {
            var started = new UserProcess(new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start());
            // A thread, so that the process neither waits for room in a pipe nor for anybody to ask for its result.
            Thread.ofPlatform().daemon().name(name).start(() -> started.follow(name));
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void follow(String name) {
        try {
            byte[] output = process.getInputStream().readAllBytes();
            String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (!errors.isEmpty()) {
                result.completeExceptionally(new IOException(name + ": " + errors));
            } else if (status == 0) {
                result.complete(output);
            } else if (status > SIGNALLED) {
                result.completeExceptionally(new KilledException(status - SIGNALLED));
            } else {
                result.completeExceptionally(new CachefilesException(name, new Errno(status)));
            }
        } catch (IOException | InterruptedException e) {
            result.completeExceptionally(e);
        }
    }

    /** What it has printed; or its error or signal. */
    CompletableFuture<byte[]> result() {
        return result;
    }

    /** Sends a signal. */
    void signal(int number) {
        // Through the handle: the process itself would close the pipe as well.
        switch (number) {
            case 15 -> process.toHandle().destroy();
            case 9 -> process.toHandle().destroyForcibly();
            default -> throw new IllegalArgumentException("signal " + number);
        }
    }
}
