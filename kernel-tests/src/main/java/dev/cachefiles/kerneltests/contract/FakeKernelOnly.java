// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A scenario for which a fake kernel is put into a state that no test can bring a real one to. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface FakeKernelOnly {

    /** Why a real kernel does not get there. */
    String value();

    /** The bits of the first message's id. */
    int firstMessageId();
}
