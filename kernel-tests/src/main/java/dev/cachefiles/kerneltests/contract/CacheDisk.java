// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The disk and the ext4 file system that a scenario wants its cache on. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface CacheDisk {

    /** Bytes in a sector: the unit of direct I/O. */
    int sectorSize() default 512;

    /** Bytes in a block of the file system: the unit of holes. */
    int blockSize() default 4096;
}
