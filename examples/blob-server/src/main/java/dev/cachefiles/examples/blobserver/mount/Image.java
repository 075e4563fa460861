// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An image as mount(2) names it.
 *
 * @param name    the name of its first blob (fsid)
 * @param domain  the domain in which it shares blobs with other images, if there is one
 * @param devices the names of its further blobs, in their order; empty if the image itself names them
 */
public record Image(String name, Optional<String> domain, List<String> devices) {

    /** Of the key of an object without a domain, whose volume is called after it. */
    private static final int LONGEST_ALONE = 248;

    /** With 253 to 255 bytes Linux hits a BUG in a worker of its own, and the mount hangs for ever. */
    private static final int LONGEST = 252;

    /** Copies the list; {@link #of} checks the names. */
    public Image {
        devices = List.copyOf(devices);
    }

    /**
     * Makes an image of names, which are checked.
     *
     * @param name    the name of its first blob
     * @param domain  the domain, if there is one
     * @param devices the names of its further blobs
     * @return the image
     * @throws Refusal if a name is empty or too long for Linux, or holds a comma or a NUL
     */
    public static Image of(String name, Optional<String> domain, List<String> devices) throws Refusal {
        check("the name", name, domain.isPresent() ? LONGEST : LONGEST_ALONE);
        if (domain.isEmpty() && name.indexOf('/') >= 0) {
            throw new Refusal("the name '" + name + "' holds a slash, which needs a --domain");
        }
        if (domain.isPresent()) {
            check("the domain", domain.get(), LONGEST_ALONE);
        }
        for (String device : devices) {
            check("the device", device, LONGEST);
        }
        return new Image(name, domain, devices);
    }

    private static void check(String what, String text, int longest) throws Refusal {
        int length = text.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > longest) {
            throw new Refusal(what + " '" + text + "' has " + length + " bytes; Linux takes 1 to " + longest);
        }
        if (text.indexOf(',') >= 0 || text.chars().anyMatch(Character::isISOControl)) {
            throw new Refusal(what + " '" + text + "' holds a comma or a control character, which no mount option can");
        }
    }

    /**
     * Gives the domain that keys of its blobs carry.
     *
     * @return the domain, or the name
     */
    public String keyDomain() {
        return domain.orElse(name);
    }

    /**
     * Gives the names of the blobs that are known.
     *
     * @return the first one and the devices
     */
    public List<String> blobs() {
        var blobs = new ArrayList<String>();
        blobs.add(name);
        blobs.addAll(devices);
        return blobs;
    }

    /**
     * Gives the options of mount(8).
     *
     * @return such as {@code ro,fsid=image,domain_id=d,device=blob}
     */
    public String options() {
        var options = new StringBuilder("ro,fsid=").append(name);
        domain.ifPresent(d -> options.append(",domain_id=").append(d));
        devices.forEach(device -> options.append(",device=").append(device));
        return options.toString();
    }
}
