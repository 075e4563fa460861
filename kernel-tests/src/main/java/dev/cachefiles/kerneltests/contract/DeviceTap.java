// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Opens a kernel's device for the library, and keeps a hand on it. */
final class DeviceTap implements CachefilesProvider {
    private final CachefilesProvider provider;
    private volatile DeviceFile device;

    DeviceTap(KernelUnderTest kernel) {
        this.provider = kernel.provider();
    }

    @Override
    public DeviceFile open(Path path) throws IOException {
        device = provider.open(path);
        return device;
    }

    /** Writes a command that must succeed. */
    void command(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, device.write(MemorySegment.ofArray(bytes)), text);
    }

    /** Tells whether a message can be read. */
    boolean isReadable() {
        return (device.await(0) & DeviceFile.READABLE) != 0;
    }
}
