// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.cachefiles.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** What the extension does to tests that are run. */
class ExtensionTest {

    /** What the tests below have seen. */
    private static final List<FakeKernel> KERNELS = new ArrayList<>();

    private static CompletableFuture<Integer> waiting = new CompletableFuture<>();

    @AfterEach
    void forget() {
        KERNELS.clear();
    }

    @Test
    void each_test_has_a_kernel_of_its_own() {
        assertEquals(List.of(), failures(Clean.class));
        assertEquals(2, KERNELS.size());
        assertNotSame(KERNELS.get(0), KERNELS.get(1));
    }

    @Test
    void a_test_that_leaves_something_fails_and_its_daemon_is_killed() throws Exception {
        List<Throwable> failures = failures(Leaving.class);
        assertEquals(1, failures.size());
        assertInstanceOf(AssertionError.class, failures.getFirst());
        assertEquals(
                "the device is open, or an fd of its cache in some process",
                failures.getFirst().getMessage());
        assertEquals(-Errno.EBADF.number(), waiting.get(10, TimeUnit.SECONDS));
        assertEquals(false, KERNELS.getFirst().isDeviceBusy());
    }

    @Test
    void a_test_that_fails_says_so_first_and_what_it_leaves_then() {
        List<Throwable> failures = failures(Failing.class);
        assertEquals("a failure of its own", failures.getFirst().getMessage());
        assertTrue(failures.getFirst().getSuppressed()[0].getMessage().startsWith("the device is open"));
    }

    @Test
    void a_kernel_for_all_tests_of_a_class_is_refused() {
        assertTrue(failures(ForAll.class).getFirst().getMessage().contains("FakeKernel"));
    }

    private static List<Throwable> failures(Class<?> tests) {
        var listener = new SummaryGeneratingListener();
        LauncherConfig config = LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .build();
        LauncherFactory.create(config)
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(tests))
                                .filters(EngineFilter.includeEngines("junit-jupiter"))
                                .build(),
                        listener);
        return listener.getSummary().getFailures().stream()
                .map(failure -> failure.getException())
                .toList();
    }

    @ExtendWith(FakeKernelExtension.class)
    static class Clean {
        @Test
        void opens_and_closes(FakeKernel kernel) throws Exception {
            KERNELS.add(kernel);
            RawDaemon.bound(kernel).device.close();
        }

        @Test
        void does_nothing(FakeKernel kernel) {
            KERNELS.add(kernel);
        }
    }

    @ExtendWith(FakeKernelExtension.class)
    static class Leaving {
        @Test
        void leaves_the_device_open(FakeKernel kernel) throws Exception {
            KERNELS.add(kernel);
            RawDaemon daemon = RawDaemon.bound(kernel);
            waiting = Async.start("left", () -> daemon.device.await(-1));
        }
    }

    @ExtendWith(FakeKernelExtension.class)
    static class Failing {
        @Test
        void fails(FakeKernel kernel) throws Exception {
            RawDaemon.bound(kernel);
            throw new ExecutionException("a failure of its own", null);
        }
    }

    @ExtendWith(FakeKernelExtension.class)
    static class ForAll {
        @BeforeAll
        static void all(FakeKernel kernel) {
            KERNELS.add(kernel);
        }

        @Test
        void does_nothing() {}
    }
}
