// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test with JUnit 5 or 6 a {@link FakeKernel} of its own, and checks after it that nothing is left: no request
 * unanswered, no fd or device open, no misuse ({@link KernelAssert#isClean}).
 *
 * <p>The kernel goes to parameters of type {@link FakeKernel} of test methods and of the methods before and after each,
 * and into fields of that type that are neither static nor final:
 *
 * {@snippet class="dev.cachefiles.testkit.ExtensionUsageTest" region="usage"}
 *
 * <p>A kernel that is not the default one is made by who registers the extension:
 *
 * {@snippet class="dev.cachefiles.testkit.ExtensionUsageTest" region="settings"}
 *
 * <p>The check is made after all else of the test, fields with {@code @AutoClose} included. What is left is killed then,
 * so that no thread waits on.
 *
 * <p>Safe for use by several threads.
 */
@SuppressWarnings("exports") // JUnit is there where this class is used, and need not be where it is not
public final class FakeKernelExtension implements BeforeEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(FakeKernelExtension.class);

    private final Supplier<FakeKernel> kernels;

    /** Makes an extension that gives each test a kernel with the defaults of {@link FakeKernel#builder}. */
    public FakeKernelExtension() {
        this(FakeKernel::create);
    }

    private FakeKernelExtension(Supplier<FakeKernel> kernels) {
        this.kernels = kernels;
    }

    /**
     * Makes an extension, to be registered with {@code @RegisterExtension}.
     *
     * @param kernels makes the kernel of each test
     * @return the extension
     */
    public static FakeKernelExtension of(Supplier<FakeKernel> kernels) {
        return new FakeKernelExtension(Objects.requireNonNull(kernels, "kernels"));
    }

    /**
     * Puts the kernel into the test's fields.
     *
     * @param context the test
     * @throws ExtensionConfigurationException if a field cannot be reached, because the module of the test does not open
     *     its package
     */
    @Override
    public void beforeEach(ExtensionContext context) {
        for (Object test : context.getRequiredTestInstances().getAllInstances()) {
            for (Class<?> type = test.getClass(); type != null; type = type.getSuperclass()) {
                for (Field field : type.getDeclaredFields()) {
                    int modifiers = field.getModifiers();
                    if (field.getType() == FakeKernel.class
                            && !Modifier.isStatic(modifiers)
                            && !Modifier.isFinal(modifiers)) {
                        put(field, test, kernel(context));
                    }
                }
            }
        }
    }

    private static void put(Field field, Object test, FakeKernel kernel) {
        try {
            field.setAccessible(true);
            field.set(test, kernel);
        } catch (InaccessibleObjectException | IllegalAccessException e) {
            throw new ExtensionConfigurationException(
                    "cannot set " + field + ": take the kernel as a parameter, or open the package to "
                            + FakeKernelExtension.class.getModule(),
                    e);
        }
    }

    /**
     * Tells whether a parameter is a kernel for one test.
     *
     * @param parameter the parameter
     * @param context   the test
     * @return true if the type is right, and the kernel would not be shared by several tests
     */
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == FakeKernel.class
                && context.getTestMethod().isPresent();
    }

    /**
     * Gives the test's kernel.
     *
     * @param parameter the parameter
     * @param context   the test
     * @return the kernel, the same for all of the test
     */
    @Override
    public FakeKernel resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return kernel(context);
    }

    @SuppressWarnings("deprecation") // what replaces it is not in JUnit 5
    private FakeKernel kernel(ExtensionContext context) {
        KernelOfTest made = context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(KernelOfTest.class, type -> new KernelOfTest(kernels.get()), KernelOfTest.class);
        return Objects.requireNonNull(made).kernel;
    }

    /** Closed when the test is over. Older versions of JUnit know the one interface, newer ones the other. */
    @SuppressWarnings("deprecation")
    private static final class KernelOfTest implements ExtensionContext.Store.CloseableResource, AutoCloseable {
        final FakeKernel kernel;

        KernelOfTest(FakeKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public void close() {
            try {
                KernelAssert.assertThat(kernel).isClean();
            } finally {
                kernel.process().kill();
            }
        }
    }
}
