// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The sparse file against a plain array with a flag for each block. */
class BackingFileProperties {
    private static final int BLOCK = 16;
    private static final int MOST = 40 * BLOCK;

    /** A write of bytes of one value; or, with a length below 0, a change of the size to the position. */
    record Step(int position, int length, byte value) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, MOST - 4 * BLOCK),
                        Arbitraries.integers().between(-1, 4 * BLOCK),
                        Arbitraries.bytes().between((byte) 1, (byte) 100))
                .as(Step::new)
                .list()
                .ofMaxSize(30);
    }

    @Property(tries = 1000)
    void itHoldsWhatWasWrittenAndKnowsItsHoles(@ForAll("steps") List<Step> steps) {
        var file = new BackingFile(BLOCK, 0);
        byte[] bytes = new byte[MOST];
        boolean[] data = new boolean[MOST / BLOCK];
        int size = 0;
        for (Step step : steps) {
            if (step.length < 0) {
                file.resize(step.position);
                size = step.position;
                Arrays.fill(bytes, size, MOST, (byte) 0);
                Arrays.fill(data, (size + BLOCK - 1) / BLOCK, data.length, false);
            } else {
                byte[] written = new byte[step.length];
                Arrays.fill(written, step.value);
                file.write(step.position, written);
                System.arraycopy(written, 0, bytes, step.position, step.length);
                int end = step.position + step.length;
                if (step.length > 0) {
                    Arrays.fill(data, step.position / BLOCK, (end + BLOCK - 1) / BLOCK, true);
                    size = Math.max(size, end);
                }
            }
        }
        assertEquals(size, file.size());
        byte[] read = new byte[MOST];
        file.read(0, read, 0, MOST);
        assertArrayEquals(bytes, read);
        for (int at = 0; at < MOST; at++) {
            assertEquals(seek(data, size, at, true), file.seekData(at), "data from " + at);
            assertEquals(seek(data, size, at, false), file.seekHole(at), "hole from " + at);
        }
    }

    private static long seek(boolean[] data, int size, int from, boolean wanted) {
        for (int at = from; at < size; at++) {
            if (data[at / BLOCK] == wanted) {
                return at;
            }
        }
        return wanted || from >= size ? -1 : size;
    }
}
