// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.HostileHandler.Deed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a handler does, each reader and each mount ends within the deadline and two seconds, with the right bytes or an
 * error, and the next one works.
 */
@Contract
class HostileHandlerTest {
    private static final int SIZE = 200_000;
    private static final Duration DEADLINE = Duration.ofSeconds(2);
    private static final Duration LONGEST = DEADLINE.plusSeconds(2);
    private static final String REAL_TIME = "waits for deadlines in real time; the tests of the testkit do without";

    /** Where the handler runs. */
    enum Mode {
        DIRECT,
        VIRTUAL
    }

    static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (Mode mode : Mode.values()) {
            for (Deed deed : Deed.values()) {
                cases.add(Arguments.of(mode, deed));
            }
        }
        return cases;
    }

    private static void start(KernelUnderTest kernel, Mode mode, HostileHandler handler) throws Exception {
        SdkDaemon.start(kernel, handler, builder -> set(builder, mode));
        kernel.closeAtEnd(handler::close);
    }

    private static void set(OnDemandServer.Builder builder, Mode mode) {
        builder.openDeadline(DEADLINE).readDeadline(DEADLINE);
        if (mode == Mode.VIRTUAL) {
            builder.virtualThreads();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    @RealKernelOnly(REAL_TIME)
    void readers_end_in_time_and_the_next_one_is_served(Mode mode, Deed deed, KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new HostileHandler(image, deed, ReadRequest.class);
        start(kernel, mode, handler);
        Mount mount = kernel.mount("a").mounted();
        List<Long> offsets = List.of(65_536L, 69_632L, 131_072L);
        List<Reading> readings = mount.readEach(offsets, 4096);
        for (int i = 0; i < readings.size(); i++) {
            byte[] bytes = readings.get(i).bytesOrNull();
            if (bytes != null) {
                assertArrayEquals(image.content(offsets.get(i), 4096), bytes);
            }
            assertEndedInTime(handler.sinceFirstDeed(offsets.get(i)));
        }
        handler.tame();
        for (long offset : offsets) {
            assertArrayEquals(
                    image.content(offset, 4096), mount.read(offset, 4096).bytes());
        }
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @ParameterizedTest
    @MethodSource("cases")
    @RealKernelOnly(REAL_TIME)
    void mounts_end_in_time_and_the_next_one_is_served(Mode mode, Deed deed, KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new HostileHandler(image, deed, OpenRequest.class);
        start(kernel, mode, handler);
        Mount first = kernel.mount("a").mountedOrNull();
        assertEndedInTime(handler.sinceFirstDeed(0));
        handler.tame();
        Mount second = first != null ? first : kernel.mount("a").mounted();
        assertArrayEquals(image.content(), second.readAll(image).bytes());
        assertArrayEquals(
                image.content(8192, 4096),
                kernel.mount("b").mounted().read(8192, 4096).bytes());
    }

    /** Counted from the request, since the start of the processes takes its time on an emulated machine. */
    private static void assertEndedInTime(Duration elapsed) {
        assertTrue(elapsed.compareTo(LONGEST) <= 0, "took " + elapsed);
        assertTrue(!elapsed.isZero(), "nothing was done");
    }
}
