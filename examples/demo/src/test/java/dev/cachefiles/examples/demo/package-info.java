// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.cachefiles.examples.demo;

import org.jspecify.annotations.NullMarked;
