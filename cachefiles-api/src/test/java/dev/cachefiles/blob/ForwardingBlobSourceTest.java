// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ForwardingBlobSourceTest {

    /** A method that is not overridden here would give each layer the default instead of the source's answer. */
    @ParameterizedTest
    @MethodSource
    void every_method_of_a_source_is_forwarded(Method method) throws Exception {
        assertEquals(
                ForwardingBlobSource.class,
                ForwardingBlobSource.class
                        .getMethod(method.getName(), method.getParameterTypes())
                        .getDeclaringClass());
    }

    static Stream<Method> every_method_of_a_source_is_forwarded() {
        return Arrays.stream(BlobSource.class.getMethods()).filter(method -> !Modifier.isStatic(method.getModifiers()));
    }
}
