// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * A kind of place where blobs come from, such as a directory or a web server: its settings, and how to make a resolver
 * of them.
 *
 * <p>A new one is a class that implements this, and a line in {@link SourceTypes}; its settings are then checked, and
 * shown by {@code --help}, like all others.
 */
public interface SourceType {

    /**
     * Gives the name that a configuration calls it by.
     *
     * @return one word, such as {@code directory}
     */
    String name();

    /**
     * Says what it is.
     *
     * @return one line for the help
     */
    String description();

    /**
     * Gives the settings that {@link #create} is handed.
     *
     * @return the settings. None may be called {@code type}, {@code domains}, {@code names}, {@code prefixes},
     *     {@code asked} or {@code layers}: those are the same for all
     */
    List<Setting<?>> settings();

    /**
     * Gives the schemes of the URLs that name such a place on the command line ({@code --source=URL}); the URL becomes
     * the setting {@code url}.
     *
     * @return schemes in small letters, such as {@code https}; none by default
     */
    default Set<String> schemes() {
        return Set.of();
    }

    /**
     * Tells whether its sources answer without waiting for a network, so that they can be asked on the threads that wait
     * for the kernel.
     *
     * @return whether it is so; {@code false} by default
     */
    default boolean isLocal() {
        return false;
    }

    /**
     * Tells whether it is made of other sources ({@link SourceContext#others}): then it is made anew on each reload.
     *
     * @return whether it is so; {@code false} by default
     */
    default boolean isMadeOfOthers() {
        return false;
    }

    /**
     * Makes a resolver. Must not wait for a network: a server that is down now may be up when a blob is wanted.
     *
     * @param settings the values of {@link #settings}, all of them read without a problem
     * @param context  what the daemon provides
     * @return the resolver. One that is {@link java.io.Closeable} is closed when the configuration has no use for it any
     *     more, and the last of its sources has been closed
     * @throws dev.cachefiles.examples.blobserver.settings.ConfigException if settings do not go together; see
     *     {@link Settings#refuse}
     * @throws IOException if a file that is needed cannot be used
     */
    BlobResolver create(Settings settings, SourceContext context) throws IOException;
}
