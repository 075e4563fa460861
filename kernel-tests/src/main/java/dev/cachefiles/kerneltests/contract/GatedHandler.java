// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.ReadRequest;
import java.io.IOException;

/** Serves one image; holds the READs of content at a gate. */
class GatedHandler extends ImageHandler {

    /** At first open. */
    final Gate gate = new Gate();

    GatedHandler(Image image) {
        super(image);
    }

    @Override
    protected void serve(ReadRequest request) throws IOException {
        if (isOfContent(request)) {
            gate.pass();
        }
        super.serve(request);
    }
}
