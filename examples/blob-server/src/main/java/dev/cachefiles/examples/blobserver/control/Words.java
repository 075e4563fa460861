// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.control;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Lines of words that may hold anything. */
final class Words {

    private Words() {}

    static String join(List<String> words) {
        return String.join(
                " ",
                words.stream()
                        .map(word -> URLEncoder.encode(word, StandardCharsets.UTF_8))
                        .toList());
    }

    /** Takes a line apart; throws IllegalArgumentException if it is malformed. */
    static List<String> split(String line) {
        var words = new ArrayList<String>();
        for (String word : line.split(" ", -1)) {
            words.add(URLDecoder.decode(word, StandardCharsets.UTF_8));
        }
        return words;
    }
}
