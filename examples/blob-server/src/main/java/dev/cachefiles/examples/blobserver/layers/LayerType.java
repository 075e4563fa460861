// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.IOException;
import java.util.List;

/** A kind of layer: its settings, and how to make it of them. */
public interface LayerType {

    /**
     * Gives the name that a configuration calls it by.
     *
     * @return one word, such as {@code retry}
     */
    String name();

    /**
     * Says what it does.
     *
     * @return one line for the help
     */
    String description();

    /**
     * Gives the settings that {@link #create} is handed.
     *
     * @return the settings
     */
    List<Setting<?>> settings();

    /**
     * Makes a layer, one for all blobs of a source.
     *
     * @param source   the name of the source in the configuration, for messages
     * @param settings the values of {@link #settings}, all of them read without a problem
     * @return the layer. One that is {@link java.io.Closeable} is closed when the configuration has no use for it any
     *     more, and the last of its sources has been closed
     * @throws dev.cachefiles.examples.blobserver.settings.ConfigException if settings do not go together; see
     *     {@link Settings#refuse}
     * @throws IOException if a file or directory that is needed cannot be used
     */
    BlobLayer create(String source, Settings settings) throws IOException;
}
