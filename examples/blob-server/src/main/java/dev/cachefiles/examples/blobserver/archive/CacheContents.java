// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.archive;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The files of a cache, each looked at: {@code I<volume key>/@<two hex digits>/<cookie name>}, with the extended attribute
 * that the kernel knows them by. Anything else is refused. Follows no symbolic link.
 *
 * @param volumes directories of volumes
 * @param files   files of objects
 */
record CacheContents(List<Path> volumes, List<Path> files) {

    /** What the kernel sets ({@code cachefiles_set_object_xattr}), without {@code user.}. */
    static final String ATTRIBUTE = "CacheFiles.cache";

    /** What a fan-out directory is called. */
    static final String FAN_OUT = "@[0-9a-f]{2}";

    /** What the kernel makes of a cookie key ({@code cachefiles_cook_key}). */
    static final String COOKIE = "[DSTE][!-.0-\\x7f]{1,254}";

    private static final Pattern FAN_OUT_NAME = Pattern.compile(FAN_OUT);
    private static final Pattern COOKIE_NAME = Pattern.compile(COOKIE);
    private static final int LONGEST_ATTRIBUTE = 512;

    /** The object's size, a number that is 0, a type and a kind of content. */
    private static final int FILE_ATTRIBUTE = 18;

    private static final int TYPE_DATA = 1;

    /** Looks at a directory of volumes, {@code cache} in the cache's own directory. */
    static CacheContents of(Path directory) throws IOException {
        var contents = new CacheContents(new ArrayList<>(), new ArrayList<>());
        for (Path volume : children(directory)) {
            if (!volume.getFileName().toString().startsWith("I")) {
                throw new Refusal(volume + ": is no volume of a cache");
            }
            attribute(volume);
            contents.volumes.add(volume);
            for (Path fanOut : children(volume)) {
                if (!FAN_OUT_NAME.matcher(fanOut.getFileName().toString()).matches()) {
                    throw new Refusal(fanOut + ": has no place in a cache");
                }
                for (Path file : children(fanOut)) {
                    check(file);
                    contents.files.add(file);
                }
            }
        }
        return contents;
    }

    private static List<Path> children(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new Refusal(directory + ": is not a directory");
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            List<Path> children = new ArrayList<>();
            all.forEach(children::add);
            return children;
        }
    }

    private static void check(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                || !COOKIE_NAME.matcher(file.getFileName().toString()).matches()) {
            throw new Refusal(file + ": is no file of a cache");
        }
        if ((int) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS) != 1) {
            throw new Refusal(file + ": has another name besides");
        }
        byte[] attribute = attribute(file);
        long size =
                attribute.length == FILE_ATTRIBUTE ? ByteBuffer.wrap(attribute).getLong() : -1;
        if (size < 0 || attribute[2 * Long.BYTES] != TYPE_DATA) {
            throw new Refusal(file + ": its attribute user." + ATTRIBUTE + " is not of this protocol");
        }
        if (Files.size(file) < size) {
            throw new Refusal(file + ": has " + Files.size(file) + " bytes, but stands for an object of " + size);
        }
    }

    /** Gives the attribute of a file or directory. */
    static byte[] attribute(Path file) throws IOException {
        try {
            var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            ByteBuffer value = ByteBuffer.allocate(LONGEST_ATTRIBUTE);
            view.read(ATTRIBUTE, value);
            byte[] bytes = new byte[value.flip().remaining()];
            value.get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new Refusal(file + ": lacks the attribute user." + ATTRIBUTE
                    + ", without which the kernel throws it away (" + e.getMessage() + ")");
        }
    }
}
