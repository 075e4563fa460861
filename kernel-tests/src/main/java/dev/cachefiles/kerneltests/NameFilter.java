// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests;

import java.util.regex.Pattern;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/** Keeps the tests in whose class and method name a pattern is found. */
final class NameFilter implements PostDiscoveryFilter {
    private final Pattern pattern;

    NameFilter(String pattern) {
        this.pattern = Pattern.compile(pattern);
    }

    @Override
    public FilterResult apply(TestDescriptor descriptor) {
        return descriptor
                .getSource()
                .filter(MethodSource.class::isInstance)
                .map(MethodSource.class::cast)
                .map(source -> FilterResult.includedIf(
                        pattern.matcher(ResultPrinter.name(source)).find()))
                .orElse(FilterResult.included("not a test"));
    }
}
