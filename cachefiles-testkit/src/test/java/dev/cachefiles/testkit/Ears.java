// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes all down that a listener hears of, in its order and in words. */
class Ears implements OnDemandListener {
    final List<String> heard = new CopyOnWriteArrayList<>();

    /** An event, before it is told to anyone else. */
    void hear(String event) {
        heard.add(event);
    }

    private void hear(Request request, String event) {
        String text = request.toString();
        hear(text.substring(0, text.indexOf(' ') + 1) + event);
    }

    /** Waits until so many events of a kind were heard. */
    void await(String event, int count) {
        DaemonTest.await(() -> heard.stream().filter(event::equals).count() >= count);
    }

    @Override
    public void delivered(Request request) {
        hear(request, "delivered");
    }

    @Override
    public void started(Request request) {
        hear(request, "started");
    }

    @Override
    public void fetched(CacheObject object, long offset, long length, Duration elapsed) {
        hear("fetched " + offset + " +" + length);
    }

    @Override
    public void written(CacheObject object, long offset, long length, Duration elapsed) {
        hear("written " + offset + " +" + length);
    }

    @Override
    public void opened(OpenRequest request, long size) {
        hear(request, "opened " + size);
    }

    @Override
    public void openFailed(OpenRequest request, Throwable cause) {
        hear(request, "failed");
    }

    @Override
    public void read(ReadRequest request, Duration elapsed) {
        hear(request, "read");
    }

    @Override
    public void readFailed(ReadRequest request, Throwable cause) {
        hear(request, "failed");
    }

    @Override
    public void late(Request request) {
        hear(request, "late");
    }

    @Override
    public void closed(CloseRequest request) {
        hear(request, "closed");
    }

    @Override
    public void cacheDied(CachefilesException cause) {
        hear("died");
    }

    @Override
    public void cacheReopened() {
        hear("reopened");
    }

    @Override
    public void trouble(Throwable cause) {
        hear("trouble");
    }
}
