// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Skips a scenario on the fake kernel. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface RealKernelOnly {

    /** Why the fake cannot show it. */
    String value();
}
