// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import java.io.Closeable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Does something on SIGHUP, instead of ending the JVM.
 *
 * <p>By way of {@code sun.misc.Signal}, which is there to be used (module {@code jdk.unsupported}), though nothing in the
 * standard takes its place, and each compiler warns of it: so it is looked up when it is needed. A process that was
 * started with the signal ignored, as {@code nohup} does, goes on to ignore it.
 */
public final class Hangup implements Closeable {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    /** Puts back what was done before. */
    private final Runnable restore;

    private Hangup(Runnable restore) {
        this.restore = restore;
    }

    /**
     * Begins to do it.
     *
     * @param action what to do, in a thread of its own for each signal
     * @return what ends that
     */
    public static Hangup calls(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object hangup = signal.getConstructor(String.class).newInstance("HUP");
            Object ours = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getDeclaringClass() != handler) {
                            return method.invoke(action, arguments); // hashCode and the like
                        }
                        action.run();
                        return null;
                    });
            var handle = signal.getMethod("handle", signal, handler);
            Object before = handle.invoke(null, hangup, ours);
            return new Hangup(() -> {
                try {
                    handle.invoke(null, hangup, before);
                } catch (IllegalAccessException | InvocationTargetException e) {
                    LOG.log(System.Logger.Level.DEBUG, "SIGHUP stays as it is", e);
                }
            });
        } catch (ReflectiveOperationException e) {
            // Another JVM, or -Xrs.
            LOG.log(System.Logger.Level.DEBUG, "SIGHUP ends the daemon on this Java, 'blob-server reload' reloads", e);
            return new Hangup(() -> {});
        }
    }

    @Override
    public void close() {
        restore.run();
    }
}
