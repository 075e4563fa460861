// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

class WrittenBlocksProperties {
    private static final int MOST = 100_000; // more than three pieces

    record Range(int first, int count) {}

    @Provide
    Arbitrary<List<Range>> ranges() {
        Arbitrary<Integer> first = Arbitraries.integers().between(0, MOST);
        Arbitrary<Integer> count = Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.integers().between(0, 200)),
                Tuple.of(1, Arbitraries.integers().between(0, 70_000)));
        return Combinators.combine(first, count).as(Range::new).list().ofMaxSize(20);
    }

    @Property
    void is_a_set_of_the_blocks_of_the_object(
            @ForAll("ranges") List<Range> written,
            @ForAll("ranges") List<Range> asked,
            @ForAll @IntRange(min = 0, max = MOST) int size) {
        var blocks = new WrittenBlocks(size);
        var model = new BitSet();
        for (Range range : written) {
            blocks.add(range.first(), range.count());
            model.set(range.first(), Math.max(range.first(), Math.min(size, range.first() + range.count())));
        }
        for (Range range : asked) {
            int end = range.first() + range.count();
            boolean inside = end <= size;
            BitSet part = model.get(range.first(), end);
            assertEquals(
                    inside && part.cardinality() == range.count(), blocks.containsAll(range.first(), range.count()));
            assertEquals(!inside || !part.isEmpty(), blocks.mayContain(range.first(), range.count()));
        }
    }

    @Example
    void of_an_object_without_end_the_start_is_noted() {
        var blocks = new WrittenBlocks(Long.MAX_VALUE / 4096);
        blocks.add(5, 1);
        blocks.add(1L << 40, 1);
        assertTrue(blocks.containsAll(5, 1));
        assertFalse(blocks.mayContain(6, 1));
        assertFalse(blocks.containsAll(1L << 40, 1));
        assertTrue(blocks.mayContain(1L << 40, 1));
    }
}
