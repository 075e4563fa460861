// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;

/**
 * The limits run, cull and stop, which keep {@code stop < cull < run < 100} after every command.
 *
 * <p>Guarded by the kernel's lock.
 */
final class FreeSpaceLimits {
    private static final int TOO_LARGE = 100;

    private int run = 7;
    private int cull = 5;
    private int stop = 1;

    /** What the limits are on a disk of a size, rounded down as by the kernel. */
    Amounts of(long total) {
        long percent = total / 100;
        return new Amounts(percent * run, percent * cull, percent * stop);
    }

    /**
     * Limits in units of what they limit.
     *
     * @param run  from so many free ones on, culling ends
     * @param cull below so many free ones, culling is wanted
     * @param stop below so many free ones, nothing more is taken
     */
    record Amounts(long run, long cull, long stop) {}

    /** Sets one limit from text such as {@code 7%}; 0 or a negated errno. */
    int set(String name, String text) {
        int value = percent(text);
        boolean inOrder = value >= 0
                && switch (name) {
                    case "run" -> value > cull && value < TOO_LARGE;
                    case "cull" -> value > stop && value < run;
                    default -> value < cull;
                };
        if (!inOrder) {
            return KernelCore.error(Errno.EINVAL);
        }
        switch (name) {
            case "run" -> run = value;
            case "cull" -> cull = value;
            default -> stop = value;
        }
        return 0;
    }

    /** {@code simple_strtoul}, for which no digit is a zero, and then exactly one percent sign; -1 for anything else. */
    private static int percent(String text) {
        int value = 0;
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            value = Math.min(TOO_LARGE, value * 10 + text.charAt(digits) - '0');
            digits++;
        }
        return text.length() == digits + 1 && text.charAt(digits) == '%' ? value : -1;
    }
}
