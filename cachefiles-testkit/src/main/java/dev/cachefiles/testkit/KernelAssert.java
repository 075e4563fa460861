// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Checks what a {@link FakeKernel} has seen of a daemon. Each check fails with what is wrong, by name:
 *
 * {@snippet class="dev.cachefiles.testkit.KernelAssertTest" region="usage"}
 *
 * <p>For use by one thread.
 */
public final class KernelAssert {
    private final FakeKernel kernel;

    private KernelAssert(FakeKernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Starts to check a kernel.
     *
     * @param kernel the kernel
     * @return its checks
     */
    public static KernelAssert assertThat(FakeKernel kernel) {
        return new KernelAssert(Objects.requireNonNull(kernel, "kernel"));
    }

    /**
     * Checks that no request waits for an answer; of those a CLOSE is answered when it is read.
     *
     * @return this
     * @throws AssertionError if one does; names all
     */
    public KernelAssert hasNoUnansweredRequest() {
        return check(unanswered());
    }

    /**
     * Checks how many requests wait for an answer.
     *
     * @param count the number
     * @return this
     * @throws AssertionError if more or fewer do; names all
     */
    public KernelAssert hasUnansweredRequests(int count) {
        List<String> requests = kernel.pendingRequests();
        return check(
                requests.size() == count
                        ? List.of()
                        : List.of("not " + count + " but " + requests.size() + " requests wait: " + requests));
    }

    /**
     * Checks that the daemon has closed all its anonymous fds.
     *
     * @return this
     * @throws AssertionError if it has not; names all that are open
     */
    public KernelAssert hasNoOpenFd() {
        return check(openFds());
    }

    /**
     * Checks how many anonymous fds the daemon has open.
     *
     * @param count the number
     * @return this
     * @throws AssertionError if it has more or fewer; names all that are open
     */
    public KernelAssert hasOpenFds(int count) {
        Collection<String> fds = kernel.process().openFdNames();
        return check(
                fds.size() == count
                        ? List.of()
                        : List.of("not " + count + " but " + fds.size() + " fds are open: " + fds));
    }

    /**
     * Checks that the device can be opened: nobody has it open, nor an anonymous fd of its last cache.
     *
     * @return this
     * @throws AssertionError if it cannot
     */
    public KernelAssert hasClosedDevice() {
        return check(device());
    }

    /**
     * Checks that no call has broken the rules of {@link dev.cachefiles.spi}: used or closed an fd that was closed,
     * closed one in use, adopted what is no new fd, or written from heap memory.
     *
     * @return this
     * @throws AssertionError if one has; names all
     */
    public KernelAssert hasNoMisuse() {
        return check(misuse());
    }

    /**
     * Checks that the daemon has given no answer that nobody was waiting for.
     *
     * @return this
     * @throws AssertionError if it has
     */
    public KernelAssert hasNoRefusedAnswer() {
        long refused = kernel.counters().refusedAnswers();
        return check(refused == 0 ? List.of() : List.of("answers that nobody waited for: " + refused));
    }

    /**
     * Checks that every fault of {@link FakeKernel#faults} has happened.
     *
     * @return this
     * @throws AssertionError if one has not; names all
     */
    public KernelAssert hasNoFaultLeft() {
        return check(kernel.faults().left().stream()
                .map(fault -> "has not happened: " + fault)
                .toList());
    }

    /**
     * Checks that a daemon has ended well: no misuse, no request unanswered, no fd open, the device closed.
     *
     * @return this
     * @throws AssertionError if not; names all that is wrong
     */
    public KernelAssert isClean() {
        List<String> wrong = new ArrayList<>();
        wrong.addAll(misuse());
        wrong.addAll(unanswered());
        wrong.addAll(openFds());
        wrong.addAll(directories());
        wrong.addAll(device());
        return check(wrong);
    }

    private Collection<String> misuse() {
        return kernel.misuse();
    }

    private Collection<String> unanswered() {
        return kernel.pendingRequests().stream()
                .map(request -> "not answered: " + request)
                .toList();
    }

    private Collection<String> openFds() {
        return kernel.process().openFdNames().stream()
                .map(fd -> "not closed: " + fd)
                .toList();
    }

    private Collection<String> directories() {
        int open = kernel.openDirectories();
        return open == 0 ? List.of() : List.of("not closed: " + open + " directories or files of the cache");
    }

    private Collection<String> device() {
        return kernel.isDeviceBusy() ? List.of("the device is open, or an fd of its cache in some process") : List.of();
    }

    private KernelAssert check(Collection<String> wrong) {
        if (!wrong.isEmpty()) {
            throw new AssertionError(String.join("\n", wrong));
        }
        return this;
    }
}
