// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which blobs stay in the cache: those whose name, or whose domain and name with a slash between, fits a pattern. Names
 * are compared in their printable form.
 */
public final class Pins implements BiPredicate<VolumeKey, CookieKey> {
    private final List<Pattern> patterns;

    /**
     * Makes the rule.
     *
     * @param patterns texts in which {@code *} stands for any text
     */
    public Pins(List<String> patterns) {
        this.patterns = patterns.stream().map(Pins::pattern).toList();
    }

    private static Pattern pattern(String text) {
        return Pattern.compile(
                Arrays.stream(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }

    @Override
    public boolean test(VolumeKey volume, CookieKey cookie) {
        String name = cookie.toString();
        String whole = volume.domain().orElseGet(volume::toString) + "/" + name;
        return patterns.stream()
                .anyMatch(pattern -> pattern.matcher(name).matches()
                        || pattern.matcher(whole).matches());
    }
}
