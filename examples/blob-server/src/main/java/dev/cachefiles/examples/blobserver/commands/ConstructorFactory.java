// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import picocli.CommandLine;

/**
 * Makes what a command line needs by its constructor. That of picocli first looks for Groovy, for which it opens each jar
 * that there is, and this takes a good part of a start.
 */
final class ConstructorFactory implements CommandLine.IFactory {

    @Override
    public <K> K create(Class<K> type) throws Exception {
        if (type.isInterface()) {
            return CommandLine.defaultFactory().create(type); // it knows which collection to take
        }
        var constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }
}
