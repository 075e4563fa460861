// SPDX-License-Identifier: Apache-2.0
//
// Usage: raw-write DIRECTORY BYTES UNIT
//
// Writes a new file in units of UNIT bytes, aligned and with O_DIRECT, as the kernel writes a cache file, and prints
// how many nanoseconds that took. Nothing that goes through such a file can be faster. The file is gone afterwards.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: raw-write DIRECTORY BYTES UNIT\n");
        return 2;
    }
    off_t bytes = strtoll(argv[2], NULL, 10);
    size_t unit = strtoull(argv[3], NULL, 10);
    char *buffer;
    if (posix_memalign((void **)&buffer, 4096, unit))
        die("memory");
    for (size_t i = 0; i < unit; i++)
        buffer[i] = (char)(i * 167 + i / 256);
    int fd = open(argv[1], O_TMPFILE | O_RDWR | O_DIRECT, 0600);
    if (fd < 0 || ftruncate(fd, (bytes + unit - 1) / unit * unit))
        die(argv[1]);

    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (off_t at = 0; at < bytes; at += unit) {
        if (pwrite(fd, buffer, unit, at) != (ssize_t)unit)
            die("pwrite");
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld\n", (end.tv_sec - begin.tv_sec) * 1000000000ll + end.tv_nsec - begin.tv_nsec);
    return 0;
}
