// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header {@code Content-Range}.
 *
 * @param first the first byte; -1 in an answer that none of the range is there
 * @param last  the last byte; -1 in an answer that none of the range is there
 * @param size  the size of the whole; -1 if the server does not say
 */
record ContentRange(long first, long last, long size) {
    private static final Pattern FORM =
            Pattern.compile("bytes (?:(\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)|\\*/(\\d{1,18}))");

    static Optional<ContentRange> parse(String header) {
        Matcher matcher = FORM.matcher(header.trim());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        if (matcher.group(4) != null) {
            return Optional.of(new ContentRange(-1, -1, Long.parseLong(matcher.group(4))));
        }
        String size = matcher.group(3);
        var range = new ContentRange(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                size.equals("*") ? -1 : Long.parseLong(size));
        boolean makesSense = range.first <= range.last && (range.size < 0 || range.last < range.size);
        return makesSense ? Optional.of(range) : Optional.empty();
    }
}
