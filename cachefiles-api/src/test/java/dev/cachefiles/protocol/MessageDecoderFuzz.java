// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import dev.cachefiles.ProtocolException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the decoder promises for any bytes, as a target of Jazzer: {@code cachefiles-api/fuzz} lets inputs grow by what
 * they reach. {@link MessageDecoderCorpusTest} holds the decoder to it for the inputs that are kept.
 */
public final class MessageDecoderFuzz {

    private MessageDecoderFuzz() {}

    /**
     * Called by Jazzer for each input.
     *
     * @param bytes what the kernel might have written
     */
    public static void fuzzerTestOneInput(byte[] bytes) {
        var _ = decodes(bytes);
    }

    /** Whether the bytes are a message. */
    static boolean decodes(byte[] bytes) {
        MemorySegment buffer = MemorySegment.ofArray(bytes);
        // Never throw, whatever decode says.
        OptionalInt open = MessageDecoder.refusableOpen(buffer, bytes.length);
        Optional<MessageDecoder.Ids> read = MessageDecoder.failableRead(buffer, bytes.length);
        OptionalInt fd = MessageDecoder.strandedFd(buffer, bytes.length);
        check(open.isEmpty() || read.isEmpty(), "both an OPEN and a READ");
        check(fd.isEmpty() || open.isPresent(), "an fd of no OPEN");
        Message message;
        try {
            message = MessageDecoder.decode(buffer, bytes.length);
        } catch (ProtocolException e) {
            return false;
        }
        check(Arrays.equals(bytes, MessageEncoder.encode(message)), "other bytes than those it came from");
        switch (message) {
            case Message.Open it -> {
                check(open.equals(OptionalInt.of(it.messageId())), "an OPEN that cannot be refused");
                check(fd.equals(OptionalInt.of(it.fd())), "an OPEN whose fd cannot be closed");
            }
            case Message.Read it ->
                check(
                        read.equals(Optional.of(new MessageDecoder.Ids(it.messageId(), it.objectId()))),
                        "a READ that cannot be failed");
            case Message.Close _ -> check(open.isEmpty() && read.isEmpty(), "a CLOSE that can be answered");
        }
        return true;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
