// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One blob on all mirrors of a {@link Failover}. */
final class FailoverSource implements BlobSource {

    /** An identity that says what the bytes are, not where. */
    private static final Pattern CONTENT = Pattern.compile("[a-z0-9]+:[0-9a-f]{32,}");

    private final BlobKey key;
    private final List<Failover.Mirror> mirrors;
    private final boolean missingHere;
    private final Failover.Listener listener;

    /** What the mirrors have, opened when first asked. Guarded by {@link #opening}, but for what is not null. */
    private final Copy[] copies;

    private final Object opening = new Object();

    /** What the first mirror that has answered says. Guarded by {@link #opening}. */
    private @Nullable Copy decided;

    private boolean closed;

    private static final class Copy {
        volatile @Nullable BlobSource source;
        volatile @Nullable WrongBytesException refused;
        long size;
        String content = "";
        String mirror = "";
    }

    /** What is asked of a mirror. */
    @FunctionalInterface
    private interface Question<T> {
        T ask(BlobSource source) throws IOException;
    }

    FailoverSource(BlobKey key, List<Failover.Mirror> mirrors, boolean missingHere, Failover.Listener listener) {
        this.key = key;
        this.mirrors = mirrors;
        this.missingHere = missingHere;
        this.listener = listener;
        this.copies = new Copy[mirrors.size()];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = new Copy();
        }
    }

    @Override
    public long size() throws IOException {
        Copy known = decided();
        return known != null ? known.size : first(BlobSource::size);
    }

    /** The digest of the bytes, if mirrors tell it; never a name that holds for one mirror alone. */
    @Override
    public String identity() throws IOException {
        size();
        Copy known = decided();
        return known == null ? "" : known.content;
    }

    private @Nullable Copy decided() {
        synchronized (opening) {
            return decided;
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        first(source -> {
            source.read(offset, target);
            return target;
        });
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        return first(source -> source.view(offset, length));
    }

    @Override
    public long largestFill() {
        BlobSource source = anyOpen();
        return source == null ? Long.MAX_VALUE : source.largestFill();
    }

    @Override
    public long chunkSize() {
        BlobSource source = anyOpen();
        return source == null ? 0 : source.chunkSize();
    }

    private @Nullable BlobSource anyOpen() {
        for (Copy copy : copies) {
            if (copy.source != null) {
                return copy.source;
            }
        }
        return null;
    }

    /** Asks the mirrors whose breakers let it, then the others. */
    private <T> T first(Question<T> question) throws IOException {
        var attempt = new Attempt<T>(question);
        for (int i = 0; i < copies.length; i++) {
            if (copies[i].refused == null && mirrors.get(i).breaker().tryAcquire() && attempt.on(i)) {
                return attempt.answer();
            }
        }
        for (int i = 0; i < copies.length; i++) {
            if (!attempt.asked[i] && copies[i].refused == null && attempt.on(i)) {
                return attempt.answer();
            }
        }
        throw attempt.failure();
    }

    /** The way of one question from mirror to mirror. */
    private final class Attempt<T> {
        final boolean[] asked = new boolean[copies.length];
        private final List<IOException> failures = new ArrayList<>(0);
        private final Question<T> question;
        private @Nullable T answer;

        Attempt(Question<T> question) {
            this.question = question;
        }

        T answer() {
            T given = answer;
            if (given == null) {
                throw new IllegalStateException("has no answer");
            }
            return given;
        }

        /** Asks a mirror; false if the next one is to be asked. */
        boolean on(int index) throws IOException {
            asked[index] = true;
            CircuitBreaker breaker = mirrors.get(index).breaker();
            Deadline caller = Deadline.current();
            boolean told = false;
            try {
                ask(index, caller);
                breaker.succeeded();
                told = true;
                return true;
            } catch (NoSuchFileException e) {
                breaker.succeeded();
                told = true;
                if (!missingHere) {
                    throw e;
                }
                heard(index, e);
                return false;
            } catch (IOException | RuntimeException e) {
                breaker.failed();
                told = true;
                heard(index, e);
                if (Failures.isStopped(caller)) {
                    throw e;
                }
                return false;
            } finally {
                if (!told) {
                    breaker.cancelled();
                }
            }
        }

        private void ask(int index, Deadline caller) throws IOException {
            int others = 0;
            for (int i = 0; i < asked.length; i++) {
                others += asked[i] || copies[i].refused != null ? 0 : 1;
            }
            long left = caller.nanosLeft();
            if (others == 0 || left == Long.MAX_VALUE) {
                answer = question.ask(open(index));
                return;
            }
            long keptForOthers = left - left / (others + 1);
            Deadline.during(() -> caller.nanosLeft() - keptForOthers, () -> answer = question.ask(open(index)));
        }

        private void heard(int index, Exception e) {
            failures.add(
                    switch (e) {
                        case InterruptedIOException late ->
                            new TransientException(
                                    "mirror " + mirrors.get(index).name() + " took too long", late);
                        case IOException io -> io;
                        default -> new PermanentException(e.toString(), e);
                    });
            listener.failed(mirrors.get(index).name(), key, e);
        }

        /** What to throw when no mirror has helped. */
        IOException failure() {
            for (Copy copy : copies) {
                WrongBytesException refused = copy.refused;
                if (refused != null && !failures.contains(refused)) {
                    failures.add(new WrongBytesException(String.valueOf(refused.getMessage()), refused));
                }
            }
            if (failures.size() == 1) {
                return failures.getFirst();
            }
            var message = new StringBuilder("no mirror of " + key.printableName() + " has the bytes");
            failures.forEach(each -> message.append("; ").append(each.getMessage()));
            IOException all = summary(message.toString());
            failures.forEach(all::addSuppressed);
            return all;
        }

        private IOException summary(String message) {
            if (failures.stream().allMatch(NoSuchFileException.class::isInstance)) {
                return new NoSuchFileException(key.printableName(), null, "on no mirror of " + mirrors);
            }
            if (failures.stream().noneMatch(Failures::isTransient)) {
                return new PermanentException(message);
            }
            return soonest()
                    .map(wait -> new TransientException(message, wait))
                    .orElseGet(() -> new TransientException(message));
        }

        /** When to come again: as soon as one mirror may help, if all that may have said when. */
        private Optional<Duration> soonest() {
            Duration soonest = null;
            for (IOException each : failures) {
                Optional<Duration> wait =
                        each instanceof TransientException t ? t.retryAfter() : Optional.<Duration>empty();
                if (wait.isEmpty() && Failures.isTransient(each)) {
                    return Optional.empty();
                }
                if (wait.isPresent() && (soonest == null || wait.get().compareTo(soonest) < 0)) {
                    soonest = wait.get();
                }
            }
            return Optional.ofNullable(soonest);
        }
    }

    private BlobSource open(int index) throws IOException {
        Copy copy = copies[index];
        BlobSource source = copy.source;
        return source != null ? source : openNow(copy, mirrors.get(index));
    }

    /** Opens without a lock, since a mirror may hang; if two threads do so, the first one's source is kept. */
    private BlobSource openNow(Copy copy, Failover.Mirror mirror) throws IOException {
        BlobSource source = mirror.resolver().resolve(key);
        boolean kept = false;
        try {
            long size = source.size();
            String identity = source.identity();
            String content = CONTENT.matcher(identity).matches() ? identity : "";
            synchronized (opening) {
                if (closed) {
                    throw new PermanentException(this + " is closed");
                }
                BlobSource other = copy.source;
                if (other != null) {
                    return other;
                }
                copy.size = size;
                copy.content = content;
                copy.mirror = mirror.name();
                check(copy);
                copy.source = source;
                kept = true;
                return source;
            }
        } finally {
            if (!kept) {
                source.close();
            }
        }
    }

    private void check(Copy copy) throws WrongBytesException {
        Copy first = decided;
        if (first == null) {
            decided = copy;
            return;
        }
        boolean sameSize = copy.size == first.size;
        boolean sameContent = copy.content.isEmpty() || first.content.isEmpty() || copy.content.equals(first.content);
        if (!sameSize || !sameContent) {
            var refused = new WrongBytesException("mirror " + copy.mirror + " has another " + key.printableName()
                    + " than mirror " + first.mirror + ": "
                    + (sameSize ? copy.content + ", not " + first.content : copy.size + " bytes, not " + first.size));
            copy.refused = refused;
            throw refused;
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (opening) {
            closed = true;
        }
        var failure = new IOException(this + " could not be closed on all mirrors");
        for (Copy copy : copies) {
            BlobSource source = copy.source;
            if (source != null) {
                try {
                    source.close();
                } catch (IOException | RuntimeException e) {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return key.printableName() + " on " + mirrors;
    }
}
