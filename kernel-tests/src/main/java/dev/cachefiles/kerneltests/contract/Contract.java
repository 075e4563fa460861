// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Marks a class of scenarios, each of which gets a kernel of its own as its argument. The build runs them by the tag. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Tag("contract")
@ExtendWith(KernelExtension.class)
public @interface Contract {}
