// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.matrix;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A row of the fault matrix.
 *
 * @param number  from 1 on
 * @param name    the fault, in a few words
 * @param obstacle why the row cannot be run, if it cannot
 */
record MatrixRow(int number, String name, Optional<String> obstacle) {

    /** Reads all rows, in their order. */
    static List<MatrixRow> all() {
        try (InputStream resource = MatrixRow.class.getResourceAsStream("rows")) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(MatrixRow::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MatrixRow parse(String line) {
        int space = line.indexOf(' ');
        String text = line.substring(space + 1).strip();
        int bar = text.indexOf(" | ");
        return new MatrixRow(
                Integer.parseInt(line.substring(0, space)),
                bar < 0 ? text : text.substring(0, bar).strip(),
                bar < 0 ? Optional.empty() : Optional.of(text.substring(bar + 3).strip()));
    }
}
