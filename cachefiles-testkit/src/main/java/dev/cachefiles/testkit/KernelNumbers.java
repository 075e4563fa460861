// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;

/** Numbers in commands, as lib/kstrtox.c reads them with base 0: decimal, {@code 0x} or a leading 0. */
final class KernelNumbers {

    /**
     * A number or the error that the kernel answers with.
     *
     * @param value the 64 bits
     * @param error a negated errno, or 0
     */
    record Parsed(long value, int error) {}

    private KernelNumbers() {}

    /** {@code kstrtoul}. */
    static Parsed unsigned(String text) {
        return magnitude(text.startsWith("+") ? text.substring(1) : text);
    }

    /** {@code kstrtol}. */
    static Parsed signed(String text) {
        boolean negative = text.startsWith("-");
        Parsed parsed = negative ? magnitude(text.substring(1)) : unsigned(text);
        if (parsed.error != 0) {
            return parsed;
        }
        long value = negative ? -parsed.value : parsed.value;
        boolean fits = negative ? value <= 0 : value >= 0;
        return fits ? new Parsed(value, 0) : failed(Errno.ERANGE);
    }

    private static Parsed magnitude(String text) {
        int base = 10;
        String digits = text;
        if (text.startsWith("0")) {
            boolean hex = text.length() > 2
                    && Character.toLowerCase(text.charAt(1)) == 'x'
                    && Character.digit(text.charAt(2), 16) >= 0;
            base = hex ? 16 : 8;
            digits = hex ? text.substring(2) : text;
        }
        int count = 0;
        while (count < digits.length()
                && digits.charAt(count) < 0x80
                && Character.digit(digits.charAt(count), base) >= 0) {
            count++;
        }
        if (count == 0) {
            return failed(Errno.EINVAL);
        }
        long value;
        try {
            value = Long.parseUnsignedLong(digits.substring(0, count), base);
        } catch (NumberFormatException e) {
            return failed(Errno.ERANGE);
        }
        return count == digits.length() ? new Parsed(value, 0) : failed(Errno.EINVAL);
    }

    private static Parsed failed(Errno errno) {
        return new Parsed(0, -errno.number());
    }
}
