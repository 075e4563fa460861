// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * The device, open: what all its fds share.
 *
 * <p>Guarded by the kernel's lock.
 */
final class OpenDevice {
    final FakeCache cache;
    final CommandInterpreter commands;
    final OpenFile file;

    OpenDevice(KernelCore core, FakeCache cache) {
        this.cache = cache;
        this.commands = new CommandInterpreter(cache, core);
        this.file = new OpenFile(cache::deviceReleased);
    }
}
