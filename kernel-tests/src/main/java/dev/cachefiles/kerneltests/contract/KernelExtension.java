// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.testkit.KernelProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives each scenario its kernel, and ends all that the scenario has left there. */
public final class KernelExtension implements ParameterResolver, AfterEachCallback, ExecutionCondition {

    /** The parameter that says which kernel: {@code real}, {@code fake-6.1} or, the default, {@code fake-6.12}. */
    public static final String KERNEL = "cachefiles.kernel";

    private static final String REAL = "real";
    private static final Namespace NAMESPACE = Namespace.create(KernelExtension.class);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean real = name(context).equals(REAL);
        Optional<String> reason = context.getTestMethod().flatMap(method -> obstacle(method, real));
        return reason.map(ConditionEvaluationResult::disabled).orElse(ConditionEvaluationResult.enabled(""));
    }

    private static Optional<String> obstacle(Method method, boolean real) {
        return real
                ? Optional.ofNullable(method.getAnnotation(FakeKernelOnly.class))
                        .map(FakeKernelOnly::value)
                : Optional.ofNullable(method.getAnnotation(RealKernelOnly.class))
                        .map(RealKernelOnly::value);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == KernelUnderTest.class;
    }

    @Override
    public KernelUnderTest resolveParameter(ParameterContext parameter, ExtensionContext context) {
        try {
            KernelUnderTest kernel = open(name(context), context.getRequiredTestMethod());
            context.getStore(NAMESPACE).put(KERNEL, kernel);
            return kernel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        KernelUnderTest kernel = context.getStore(NAMESPACE).remove(KERNEL, KernelUnderTest.class);
        if (kernel != null) {
            kernel.close();
        }
    }

    private static String name(ExtensionContext context) {
        return context.getConfigurationParameter(KERNEL).orElse("fake-6.12");
    }

    private static KernelUnderTest open(String name, Method scenario) throws IOException {
        CacheDisk disk = scenario.getAnnotation(CacheDisk.class);
        FakeKernelOnly state = scenario.getAnnotation(FakeKernelOnly.class);
        return switch (name) {
            case REAL -> new RealKernelUnderTest(disk);
            case "fake-6.1" -> new FakeKernelUnderTest(KernelProfile.LINUX_6_1, disk, state);
            case "fake-6.12" -> new FakeKernelUnderTest(KernelProfile.LINUX_6_12, disk, state);
            default -> throw new IllegalArgumentException(KERNEL + "=" + name);
        };
    }
}
