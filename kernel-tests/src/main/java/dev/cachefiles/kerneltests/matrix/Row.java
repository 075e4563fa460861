// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.matrix;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The rows of the fault matrix that a test keeps, as numbered in the resource {@code rows}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Row {

    /** The numbers of the rows. */
    int[] value();
}
