// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.support.Failures;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Says why a command has failed, and gives the exit status for that. */
final class ExceptionHandlers implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private static final int FAILED = 1;

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        error(command, String.valueOf(failure.getMessage()));
        command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine line, ParseResult parsed) {
        boolean wrong = failure instanceof ConfigException;
        error(line, wrong ? String.valueOf(failure.getMessage()) : Failures.describe(failure));
        ParseResult innermost = parsed;
        while (innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        if (innermost.hasMatchedOption("--verbose")) {
            failure.printStackTrace(line.getErr());
        }
        return wrong ? CommandLine.ExitCode.USAGE : FAILED;
    }

    private static void error(CommandLine line, String message) {
        message.lines().forEach(text -> line.getErr().println("blob-server: " + text));
    }
}
