// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * How a request ended.
 *
 * @param request the request
 * @param answer  what ended it: {@code copen 4096}, {@code READ_COMPLETE}, {@code read} for a CLOSE; or, in brackets,
 *     what became of it without an answer, such as {@code (killed)}
 * @param thread  the name of the thread that did so
 */
public record KernelAnswer(KernelRequest request, String answer, String thread) {}
