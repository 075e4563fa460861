// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that asks the daemon one thing, and prints what it says. */
abstract class AskingCommand implements Callable<Integer> {
    private final String question;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RuntimeOption runtime = new RuntimeOption();

    AskingCommand(String question) {
        this.question = question;
    }

    @Override
    public Integer call() throws IOException {
        for (String line : runtime.client().lines(question)) {
            Commands.line(spec).getOut().println(line);
        }
        return 0;
    }
}
