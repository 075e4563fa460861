// SPDX-License-Identifier: Apache-2.0
//
// Usage: plain-daemon CACHE_DIR BLOB_DIR [WINDOW]
//
// The reference that the benchmarks compare with: a daemon as one writes it in C. One thread; each blob is opened once;
// a READ is pread, pwrite, ioctl. With WINDOW, a power of two of at least 4096 bytes, each miss fills the aligned window
// around it, unless the window of an earlier miss has brought what it asks for.
//
// Prints "ready" on standard output when images can be mounted, and whenever it has been idle for 200 ms a line such as
// "stats: reads=12 bytes=49152" on standard error, with the bytes that the READs have asked for.
// Ends by a signal. Good enough to measure, not to serve: it trusts the cache's disk, and ends at the first surprise.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/cachefiles.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, BUFFER = 4 << 20, MAX_OBJECTS = 1 << 16, IDLE_MILLIS = 200 };

struct object {
    int used;
    int anon_fd; // the kernel's, to write into the cache file
    int blob_fd;
    uint64_t size;
};

static struct object objects[MAX_OBJECTS];
static int device;
static int blob_dir;
static uint64_t window;
static char *buffer;
static uint64_t reads, bytes;

static void die(const char *what) {
    fprintf(stderr, "plain-daemon: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void command(const char *format, ...) {
    char text[PAGE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (write(device, text, length) != length)
        die(text);
}

static struct object *find(uint32_t id) {
    return &objects[id % MAX_OBJECTS];
}

// The name comes from the image's user and is not to be trusted: a plain file name, or nothing.
static int open_blob(const char *name, uint32_t length, uint64_t *size) {
    char text[256];
    if (length == 0 || length >= sizeof text || memchr(name, '/', length) || memchr(name, 0, length))
        return -1;
    memcpy(text, name, length);
    text[length] = 0;
    struct stat status;
    int fd = openat(blob_dir, text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        close(fd);
        return -1;
    }
    *size = status.st_size;
    return fd;
}

static void on_open(const struct cachefiles_msg *message) {
    const struct cachefiles_open *open = (const void *)message->data;
    const char *name = (const char *)open->data + open->volume_key_size;
    struct object *object = find(message->object_id);
    fcntl(open->fd, F_SETFD, FD_CLOEXEC);
    uint64_t size;
    int blob_fd = object->used ? -1 : open_blob(name, open->cookie_key_size, &size);
    if (blob_fd < 0) {
        command("copen %u,%d", message->msg_id, -ENOENT);
        close(open->fd);
        return;
    }
    *object = (struct object){.used = 1, .anon_fd = open->fd, .blob_fd = blob_fd, .size = size};
    command("copen %u,%llu", message->msg_id, (unsigned long long)size);
}

// Copies a range of whole pages; what lies behind the end of the blob becomes zeros.
static void fill(struct object *object, uint64_t from, uint64_t to) {
    while (from < to) {
        size_t length = to - from < BUFFER ? to - from : BUFFER, have = 0;
        while (have < length) {
            ssize_t got = pread(object->blob_fd, buffer + have, length - have, from + have);
            if (got < 0)
                die("pread");
            if (got == 0)
                break;
            have += got;
        }
        memset(buffer + have, 0, length - have);
        if (pwrite(object->anon_fd, buffer, length, from) != (ssize_t)length)
            die("pwrite");
        from += length;
    }
}

static int is_filled(struct object *object, uint64_t from, uint64_t to) {
    return lseek(object->anon_fd, from, SEEK_DATA) == (off_t)from && lseek(object->anon_fd, from, SEEK_HOLE) >= (off_t)to;
}

static void on_read(const struct cachefiles_msg *message) {
    const struct cachefiles_read *read = (const void *)message->data;
    struct object *object = find(message->object_id);
    if (!object->used)
        die("READ of an object that is not open");
    uint64_t from = read->off & -(uint64_t)PAGE, to = (read->off + read->len + PAGE - 1) & -(uint64_t)PAGE;
    reads++;
    bytes += read->len;
    if (window == 0) {
        fill(object, from, to);
    } else if (!is_filled(object, from, to)) {
        uint64_t end = (object->size + PAGE - 1) & -(uint64_t)PAGE, wide_to = (to + window - 1) & -window;
        fill(object, from & -window, wide_to < end ? wide_to : to > end ? to : end);
    }
    if (ioctl(object->anon_fd, CACHEFILES_IOC_READ_COMPLETE, (unsigned long)message->msg_id) && errno != EINVAL)
        die("READ_COMPLETE"); // EINVAL: the reader was killed
}

static void on_close(const struct cachefiles_msg *message) {
    struct object *object = find(message->object_id);
    if (object->used) {
        close(object->anon_fd);
        close(object->blob_fd);
        object->used = 0;
    }
}

static void print_stats(void) {
    fprintf(stderr, "stats: reads=%llu bytes=%llu\n", (unsigned long long)reads, (unsigned long long)bytes);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: plain-daemon CACHE_DIR BLOB_DIR [WINDOW]\n");
        return 2;
    }
    window = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    if (window % PAGE || (window & (window - 1))) {
        fprintf(stderr, "plain-daemon: the window is no power of two of at least %d\n", PAGE);
        return 2;
    }
    if (posix_memalign((void **)&buffer, PAGE, BUFFER))
        die("memory");
    blob_dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blob_dir < 0)
        die(argv[2]);
    device = open("/dev/cachefiles", O_RDWR | O_CLOEXEC);
    if (device < 0)
        die("/dev/cachefiles");
    command("dir %s", argv[1]);
    command("bind ondemand");
    printf("ready\n");
    fflush(stdout);

    while (1) {
        struct pollfd poll_fd = {.fd = device, .events = POLLIN};
        int ready = poll(&poll_fd, 1, IDLE_MILLIS);
        if (ready < 0)
            die("poll");
        if (ready == 0) {
            print_stats();
            continue;
        }
        char space[CACHEFILES_MSG_MAX_SIZE] __attribute__((aligned(8)));
        struct cachefiles_msg *message = (struct cachefiles_msg *)space;
        ssize_t length;
        while ((length = read(device, space, sizeof space)) > 0) {
            switch (message->opcode) {
            case CACHEFILES_OP_OPEN:
                on_open(message);
                break;
            case CACHEFILES_OP_READ:
                on_read(message);
                break;
            case CACHEFILES_OP_CLOSE:
                on_close(message);
                break;
            }
        }
        if (length < 0)
            die("read of the device");
    }
}
