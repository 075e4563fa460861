// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In a process of its own, which a signal may end. */
class HangupTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /** Says that it is ready, then what each signal does; ends by itself when its input does. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws IOException {
            try (Hangup _ = Hangup.calls(() -> say("hangup"))) {
                say("ready");
                while (System.in.read() == '.') {
                    say("alive");
                }
            }
            say("restored");
            while (System.in.read() >= 0) {
                say("alive");
            }
        }

        private static synchronized void say(String text) {
            System.out.println(text);
            System.out.flush();
        }
    }

    /** A shell would not do: it cannot undo that the signal is ignored, as where these tests run under nohup. */
    private static Process start(String disposition) throws IOException {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command =
                List.of("env", disposition, JAVA, "-cp", path, "-XX:TieredStopAtLevel=1", Victim.class.getName());
        Process process =
                new ProcessBuilder(command).redirectError(new File("/dev/null")).start();
        assertEquals("ready", process.inputReader().readLine());
        return process;
    }

    private static void signal(Process process) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-HUP", Long.toString(process.pid()))
                        .start()
                        .waitFor());
    }

    private static String ask(Process process, String text) throws IOException {
        process.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return process.inputReader().readLine();
    }

    @Test
    void aHangupDoesWhatItIsToldAsLongAsItIsTold() throws Exception {
        Process process = start("--default-signal=HUP");
        try {
            for (int i = 0; i < 2; i++) {
                signal(process);
                assertEquals("hangup", process.inputReader().readLine());
            }
            assertEquals("alive", ask(process, "."));
            assertEquals("restored", ask(process, "!"));
            signal(process);
            assertEquals(129, process.waitFor(), "what a JVM does by itself");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aProcessThatWasStartedWithNohupIgnoresIt() throws Exception {
        Process process = start("--ignore-signal=HUP");
        try {
            signal(process);
            assertEquals("alive", ask(process, "."));
            process.getOutputStream().close();
            assertEquals("restored", process.inputReader().readLine());
            assertEquals(0, process.waitFor());
            assertTrue(process.inputReader().readLine() == null, "the signal was never heard of");
        } finally {
            process.destroyForcibly();
        }
    }
}
