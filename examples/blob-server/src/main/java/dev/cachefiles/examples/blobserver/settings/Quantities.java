// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with units. */
final class Quantities {
    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,9})?) ?([A-Za-z]*)");
    private static final Map<String, Long> MILLIS =
            Map.of("ms", 1L, "", 1000L, "s", 1000L, "m", 60_000L, "h", 3_600_000L);
    private static final Map<String, Long> BYTES =
            Map.of("", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);

    private Quantities() {}

    static Duration time(String text, Duration least, Duration most) {
        Duration time = Duration.ofMillis(quantity(text, MILLIS, "a time such as 500ms, 15s, 10m or 2h"));
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw new IllegalArgumentException(text + " is not from " + show(least) + " to " + show(most));
        }
        return time;
    }

    static long size(String text, long least) {
        long size = quantity(text, BYTES, "a size such as 4096, 64KiB, 10MiB or 2GiB");
        if (size < least) {
            throw new IllegalArgumentException(text + " is less than " + least);
        }
        return size;
    }

    private static long quantity(String text, Map<String, Long> units, String what) {
        Matcher matcher = NUMBER.matcher(text);
        Long unit = matcher.matches() ? units.get(matcher.group(2)) : null;
        if (unit == null) {
            throw new IllegalArgumentException("'" + text + "' is not " + what);
        }
        BigDecimal product = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
        try {
            return product.setScale(0, java.math.RoundingMode.HALF_UP).longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(text + " is too large", e);
        }
    }

    private static String show(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }
}
