// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Serves one image under every name, and remembers what it was asked. Scenarios override what is to go wrong. */
public class ImageHandler implements OnDemandHandler {
    private final Image image;
    private final List<OpenRequest> opens = new CopyOnWriteArrayList<>();
    private final List<ReadRequest> reads = new CopyOnWriteArrayList<>();

    /** Makes a handler. */
    public ImageHandler(Image image) {
        this.image = image;
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        opens.add(request);
        return image.length();
    }

    @Override
    public final void read(ReadRequest request) throws IOException {
        reads.add(request);
        serve(request);
    }

    /** Puts the bytes of a READ into the cache. */
    protected void serve(ReadRequest request) throws IOException {
        put(request, request.offset(), request.length());
    }

    /** Tells whether a READ is of the file's content, and not of the metadata that a mount needs. */
    public static boolean isOfContent(ReadRequest request) {
        return request.offset() >= Image.BLOCK;
    }

    /** Writes a range of the image, clipped to its end. */
    protected final void put(ReadRequest request, long offset, long length) throws IOException {
        long end = Math.min(offset + length, image.length());
        if (end > offset) {
            request.fd().write(MemorySegment.ofArray(image.bytes()).asSlice(offset, end - offset), offset);
        }
    }

    /** The OPENs so far. */
    public List<OpenRequest> opens() {
        return opens;
    }

    /** The READs so far, of content only. */
    public List<ReadRequest> reads() {
        return reads.stream().filter(ImageHandler::isOfContent).toList();
    }
}
