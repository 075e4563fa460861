// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads a YAML file into values that know their lines.
 *
 * <p>Every scalar is taken as the text that was written: what it means is up to the setting.
 */
public final class YamlFile {

    /** More than any configuration; a wrong file must not fill the heap. */
    private static final long LARGEST = 4 << 20;

    private final Path file;
    private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private YamlFile(Path file) {
        this.file = file;
    }

    /**
     * Reads a file, whose document must be a mapping.
     *
     * @param file the file
     * @return what it says
     * @throws ConfigException if it is no YAML, or not a mapping; names the line
     * @throws IOException     if it cannot be read
     */
    public static Value.Mapping read(Path file) throws IOException {
        if (Files.isRegularFile(file) && Files.size(file) > LARGEST) {
            throw new ConfigException(Origin.line(file, 1), "is larger than " + LARGEST + " bytes");
        }
        String text;
        try {
            text = Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new ConfigException(Origin.line(file, 1), "is not UTF-8");
        }
        try {
            return new YamlFile(file).parse(text);
        } catch (StackOverflowError e) { // the parser calls itself for each level
            throw new ConfigException(Origin.line(file, 1), "is not YAML: too many levels");
        }
    }

    private Value.Mapping parse(String text) throws ConfigException {
        Optional<Node> document;
        try {
            var settings = LoadSettings.builder()
                    .setLabel(file.toString())
                    .setAllowDuplicateKeys(false)
                    .setMaxAliasesForCollections(50)
                    .build();
            document = new Compose(settings).composeReader(new StringReader(text));
        } catch (MarkedYamlEngineException e) {
            Origin where =
                    e.getProblemMark().or(e::getContextMark).map(this::origin).orElse(Origin.line(file, 1));
            throw new ConfigException(where, "is not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new ConfigException(Origin.line(file, 1), "is not YAML: " + e.getMessage());
        }
        if (document.isEmpty()) {
            return new Value.Mapping(Origin.line(file, 1), Map.of());
        }
        Value value = value(document.get());
        if (value instanceof Value.Mapping mapping) {
            return mapping;
        }
        throw new ConfigException(value.origin(), "must consist of lines of the form NAME: VALUE");
    }

    private Value value(Node node) throws ConfigException {
        Origin origin = origin(node);
        if (!seen.add(node)) { // or a file of a few lines could be without end
            throw new ConfigException(origin, "is used twice, by an alias (*); write it out");
        }
        return switch (node) {
            case ScalarNode scalar -> new Value.Text(origin, scalar.getValue());
            case SequenceNode sequence -> {
                var items = new ArrayList<Value>();
                for (Node item : sequence.getValue()) {
                    items.add(value(item));
                }
                yield new Value.Listing(origin, items);
            }
            case MappingNode mapping -> mapping(origin, mapping);
            default -> throw new ConfigException(origin, "is of a kind that is not used here");
        };
    }

    private Value.Mapping mapping(Origin origin, MappingNode node) throws ConfigException {
        var entries = new LinkedHashMap<String, Value>();
        for (NodeTuple tuple : node.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new ConfigException(origin(tuple.getKeyNode()), "a name must be a plain text");
            }
            Value value = value(tuple.getValueNode());
            // A name with nothing after it has its value "at" the next line; people look for the name.
            if (value instanceof Value.Mapping mapping) {
                value = new Value.Mapping(origin(key), mapping.entries());
            } else if (value instanceof Value.Text text && text.text().isEmpty()) {
                value = new Value.Text(origin(key), "");
            }
            if (entries.put(key.getValue(), value) != null) {
                throw new ConfigException(origin(key), "'" + key.getValue() + "' is there twice");
            }
        }
        return new Value.Mapping(origin, entries);
    }

    private Origin origin(Node node) {
        return node.getStartMark().map(this::origin).orElse(Origin.line(file, 1));
    }

    private Origin origin(Mark mark) {
        return Origin.line(file, mark.getLine() + 1);
    }
}
