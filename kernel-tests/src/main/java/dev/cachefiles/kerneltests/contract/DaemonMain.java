// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.DeviceFd;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** A daemon that gets stuck, to be killed; run by {@link DaemonProcess}. */
final class DaemonMain {
    private static final PrintStream OUT = System.out;

    private DaemonMain() {}

    /**
     * Serves an image until killed, on the device that it was started with, if it was.
     *
     * @param args the cache's directory, the file of the image, the name of a {@link DaemonProcess.Fault}
     * @throws IOException if it cannot start
     */
    public static void main(String[] args) throws IOException {
        var options = CacheOptions.builder(Path.of(args[0])).build();
        byte[] bytes = Files.readAllBytes(Path.of(args[1]));
        var fault = DaemonProcess.Fault.valueOf(args[2]);
        Optional<DeviceFd> passed = DeviceFd.passed("cachefiles");
        CachefilesChannel channel =
                passed.isPresent() ? CachefilesChannel.adopt(options, passed.get()) : CachefilesChannel.open(options);
        OnDemandServer.builder(channel)
                .handler(new StuckHandler(new Image(bytes, bytes.length - Image.BLOCK), fault))
                .threads(2)
                .start();
        OUT.println("serves as " + Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        OUT.println(DaemonProcess.READY);
    }

    private static void stayStuck(String request) {
        OUT.println(DaemonProcess.stuck(request));
        while (true) {
            LockSupport.park();
        }
    }

    private static final class StuckHandler extends ImageHandler {
        private final DaemonProcess.Fault fault;

        StuckHandler(Image image, DaemonProcess.Fault fault) {
            super(image);
            this.fault = fault;
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            if (fault != DaemonProcess.Fault.NONE && request.cookie().toString().equals(DaemonProcess.UNANSWERED)) {
                stayStuck("OPEN");
            }
            return super.open(request);
        }

        @Override
        protected void serve(ReadRequest request) throws IOException {
            if (fault != DaemonProcess.Fault.NONE && isOfContent(request)) {
                if (fault == DaemonProcess.Fault.READS_ITS_MOUNT) {
                    readMount(request.offset() - Image.BLOCK + request.length());
                }
                stayStuck("READ");
            }
            super.serve(request);
        }
    }

    /** Reads what is not cached. */
    private static void readMount(long offset) throws IOException {
        String point = Files.readAllLines(Path.of("/proc/mounts")).stream()
                .map(line -> line.split(" ", -1))
                .filter(fields -> fields[2].equals("erofs"))
                .map(fields -> fields[1])
                .findFirst()
                .orElseThrow();
        OUT.println(DaemonProcess.stuck("READ"));
        try (FileChannel file = FileChannel.open(Path.of(point, "data"))) {
            file.read(ByteBuffer.allocate(Image.BLOCK), offset);
        }
    }
}
