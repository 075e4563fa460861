// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

/**
 * What is read, and how. Nothing of the image is in the cache before.
 *
 * @param name    its name in the tables
 * @param title   what it is, in words
 * @param image   of which image: {@code big}, {@code large} or {@code tree}
 * @param pattern one of the program {@code reader}, or one of the constants below
 * @param threads number of readers
 * @param count   number of reads; 0 for all of the file
 */
record Workload(String name, String title, String image, String pattern, int threads, long count) {
    static final String TREE = "tree";
    static final String MOUNT = "mount";
}
