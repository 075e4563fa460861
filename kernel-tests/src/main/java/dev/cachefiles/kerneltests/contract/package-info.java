// SPDX-License-Identifier: Apache-2.0
/**
 * Scenarios that hold on any kernel, written once: run against the fake kernel in the build, and against a real one in
 * the virtual machine.
 *
 * <p>A scenario is a method of a class {@code *Test} with the annotation {@link dev.cachefiles.kerneltests.contract.Contract},
 * and gets a {@link dev.cachefiles.kerneltests.contract.KernelUnderTest} as its argument.
 */
@NullMarked
package dev.cachefiles.kerneltests.contract;

import org.jspecify.annotations.NullMarked;
