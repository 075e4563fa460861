// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * Whether a cache's disk has space, {@code cachefiles_has_space} in fs/cachefiles/cache.c. The limits are shares of the
 * disk's size at bind.
 *
 * <p>Guarded by the kernel's lock.
 */
final class SpaceCheck {
    private final KernelCore core;
    private final FreeSpaceLimits.Amounts blocks;
    private final FreeSpaceLimits.Amounts files;

    /** The flag CULLING: it changes in checks only, not when space is taken or freed. */
    private boolean culling;

    /** The flag STATE_CHANGED: for those who poll a cache without the on-demand mode. */
    private boolean stateChanged;

    SpaceCheck(KernelCore core, FreeSpaceLimits blocks, FreeSpaceLimits files) {
        this.core = core;
        this.blocks = blocks.of(core.disk.blocks());
        this.files = files.of(core.disk.inodes());
    }

    /** Looks whether there is space for more; false if that would go below the limit stop. */
    boolean check(long moreFiles, long moreBlocks) {
        long freeFiles = Math.max(0, core.disk.freeInodes() - moreFiles);
        long freeBlocks = Math.max(0, core.disk.freeBlocks() - moreBlocks);
        boolean enough = freeFiles >= files.stop() && freeBlocks >= blocks.stop();
        if (!enough || freeFiles < files.cull() || freeBlocks < blocks.cull()) {
            culling(true);
        } else if (freeFiles >= files.run() && freeBlocks >= blocks.run()) {
            culling(false);
        }
        return enough;
    }

    private void culling(boolean wanted) {
        if (culling != wanted) {
            culling = wanted;
            stateChanged();
        }
    }

    boolean isCulling() {
        return culling;
    }

    /** Also when a stored file is let go. */
    void stateChanged() {
        stateChanged = true;
        core.pollers.wakeUp();
    }

    boolean hasStateChanged() {
        return stateChanged;
    }

    /** The state as text, which those who read the device of a cache without the on-demand mode get. */
    String status() {
        check(0, 0);
        stateChanged = false;
        return "cull=" + (culling ? 1 : 0) + limits(" f", files) + limits(" b", blocks) + " freleased=0 breleased=0";
    }

    private static String limits(String prefix, FreeSpaceLimits.Amounts limits) {
        return prefix + "run=" + Long.toHexString(limits.run()) + prefix + "cull=" + Long.toHexString(limits.cull())
                + prefix + "stop=" + Long.toHexString(limits.stop());
    }
}
