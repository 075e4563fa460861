// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.soak;

import dev.cachefiles.CacheObject;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Serves one image under every name, mostly. */
final class FaultyHandler implements OnDemandHandler {
    private static final int PER_MILLE = 1000;

    /** What goes wrong, and how many times in a thousand. */
    private enum Fault {
        SLOW(30),
        THROWS(20),
        THROWS_AN_ERROR(5),
        WRITES_NOTHING(10),
        WRITES_HALF(10),
        HANGS_UNTIL_INTERRUPTED(5),
        HANGS(2),
        GIVES_THE_FD_BACK(20),
        ANSWERS_TWICE(10),
        INTERRUPTS_ITSELF(5);

        private final int share;

        Fault(int share) {
            this.share = share;
        }
    }

    /** In memory: a channel would be closed by the interrupts. */
    private final MemorySegment image;

    private final Map<Fault, LongAdder> faults = new EnumMap<>(Fault.class);
    private final LongAdder reads = new LongAdder();

    FaultyHandler(MemorySegment image) {
        this.image = image;
        for (Fault fault : Fault.values()) {
            faults.put(fault, new LongAdder());
        }
    }

    long reads() {
        return reads.sum();
    }

    String faults() {
        return faults.toString();
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        Fault fault = draw();
        if (fault == Fault.GIVES_THE_FD_BACK) {
            request.object().fd().close();
        } else if (fault == Fault.ANSWERS_TWICE) {
            request.accept(image.byteSize());
            request.accept(image.byteSize());
        } else if (fault != null) {
            goWrong(fault);
        }
        return image.byteSize();
    }

    @Override
    public void opened(CacheObject object) throws IOException {
        if (ThreadLocalRandom.current().nextInt(20) == 0) {
            object.fd().write(image.asSlice(0, 65_536), 0); // ahead of any READ
        }
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        reads.increment();
        Fault fault = draw();
        if (fault == Fault.WRITES_NOTHING) {
            return;
        }
        if (fault == Fault.WRITES_HALF) {
            put(request, request.length() / 2);
            return;
        }
        if (fault != null) {
            goWrong(fault);
        }
        put(request, request.length());
        if (fault == Fault.GIVES_THE_FD_BACK) {
            request.fd().close();
        } else if (fault == Fault.ANSWERS_TWICE) {
            request.complete();
            request.complete();
        }
    }

    private void put(ReadRequest request, long length) throws IOException {
        long end = Math.min(request.offset() + length, image.byteSize());
        request.fd().write(image.asSlice(request.offset(), end - request.offset()), request.offset());
    }

    private Fault draw() {
        int at = ThreadLocalRandom.current().nextInt(PER_MILLE);
        for (Fault fault : Fault.values()) {
            at -= fault.share;
            if (at < 0) {
                faults.get(fault).increment();
                return fault;
            }
        }
        return null;
    }

    private static void goWrong(Fault fault) throws IOException {
        switch (fault) {
            case SLOW -> sleep(100 + ThreadLocalRandom.current().nextInt(700), true);
            case THROWS -> throw new IOException("as planned");
            case THROWS_AN_ERROR -> throw new StackOverflowError("as planned");
            case HANGS_UNTIL_INTERRUPTED -> sleep(3_600_000, true);
            case HANGS -> sleep(20_000, false);
            case INTERRUPTS_ITSELF -> Thread.currentThread().interrupt();
            default -> {}
        }
    }

    private static void sleep(long millis, boolean heedsInterrupts) throws IOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() - end < 0) {
            try {
                TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
            } catch (InterruptedException e) {
                if (heedsInterrupts) {
                    throw new IOException("interrupted", e);
                }
            }
        }
    }
}
