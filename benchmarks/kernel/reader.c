// SPDX-License-Identifier: Apache-2.0
//
// Usage: reader PATTERN FILE REFERENCE LATENCIES THREADS COUNT SEED
//        reader cpu PID
//
// Reads FILE in units of 4 KiB (sequentially: of 128 KiB), one pread(2) each, from so many threads, and compares what
// it got with the same bytes of REFERENCE: afterwards, from the page cache, where the bytes that were read still are.
// Prints one line, such as "reads=4096 elapsed=1234567 verified=16777216", with nanoseconds and bytes. Writes to LATENCIES
// how many nanoseconds each pread took, as 64-bit numbers in the machine's byte order.
//
//   random      COUNT different units in an order that SEED decides; 0: all of the file
//   sequential  the first COUNT units from the front; 0: all
//   mixed       COUNT units, of which nine of ten are from a tenth of the file's units, scattered; many come again
//   cpu         reads nothing, but prints how many nanoseconds of processor time the process PID has used, exactly
//
// Ends with 0 when all bytes were right.

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 4096, LARGE = 131072 };

static const char *file;
static const char *reference;
static size_t unit, size, count, thread_count;
static uint64_t *units;     // which unit to read, in this order
static uint64_t *latencies; // how long that took
static pthread_barrier_t barrier;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time))
        die("clock_gettime");
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

// xorshift64*, by Marsaglia and Vigna: the same order on every machine.
static uint64_t state;
static uint64_t random_below(uint64_t bound) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 0x2545F4914F6CDD1Dull >> 11) % bound;
}

static void plan(const char *pattern) {
    size_t all = (size + unit - 1) / unit;
    uint64_t *shuffled = malloc(all * sizeof *shuffled);
    for (size_t i = 0; i < all; i++)
        shuffled[i] = i;
    if (strcmp(pattern, "sequential")) {
        for (size_t i = all; i > 1; i--) {
            size_t j = random_below(i);
            uint64_t other = shuffled[j];
            shuffled[j] = shuffled[i - 1];
            shuffled[i - 1] = other;
        }
    }
    if (!strcmp(pattern, "mixed")) {
        units = malloc(count * sizeof *units);
        for (size_t i = 0; i < count; i++)
            units[i] = shuffled[random_below(10) ? random_below(all / 10 + 1) : random_below(all)];
        free(shuffled);
    } else {
        if (count == 0 || count > all)
            count = all;
        units = shuffled;
    }
}

// Thread number N reads the units N, N + thread_count, ...
static void *read_units(void *argument) {
    char *buffer;
    int fd = open(file, O_RDONLY);
    if (fd < 0 || posix_memalign((void **)&buffer, SMALL, unit))
        die(file);
    if (unit == SMALL)
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); // or the kernel would ask for more, by chance, once much is there
    pthread_barrier_wait(&barrier);
    for (size_t i = (size_t)argument; i < count; i += thread_count) {
        size_t offset = units[i] * unit, length = size - offset < unit ? size - offset : unit;
        uint64_t begin = now(CLOCK_MONOTONIC);
        if (pread(fd, buffer, length, offset) != (ssize_t)length)
            die(file);
        latencies[i] = now(CLOCK_MONOTONIC) - begin;
    }
    close(fd);
    free(buffer);
    return NULL;
}

static uint64_t verify(void) {
    static char buffer[LARGE];
    uint64_t verified = 0;
    int fd = open(file, O_RDONLY);
    for (size_t i = 0; i < count; i++) {
        size_t offset = units[i] * unit, length = size - offset < unit ? size - offset : unit;
        if (pread(fd, buffer, length, offset) != (ssize_t)length)
            die(file);
        if (memcmp(buffer, reference + offset, length)) {
            fprintf(stderr, "reader: %s: wrong bytes at %zu\n", file, offset);
            exit(1);
        }
        verified += length;
    }
    close(fd);
    return verified;
}

static int print_cpu_time(const char *pid) {
    clockid_t clock;
    if (clock_getcpuclockid(strtol(pid, NULL, 10), &clock)) {
        fprintf(stderr, "reader: there is no process %s\n", pid);
        return 1;
    }
    printf("%llu\n", (unsigned long long)now(clock));
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "cpu"))
        return print_cpu_time(argv[2]);
    if (argc != 8) {
        fprintf(stderr, "usage: reader PATTERN FILE REFERENCE LATENCIES THREADS COUNT SEED | reader cpu PID\n");
        return 2;
    }
    const char *pattern = argv[1];
    file = argv[2];
    unit = strcmp(pattern, "sequential") ? SMALL : LARGE;
    thread_count = strtoul(argv[5], NULL, 10);
    count = strtoul(argv[6], NULL, 10);
    state = strtoull(argv[7], NULL, 10) * 2654435769u + 1;

    struct stat status;
    int fd = open(argv[3], O_RDONLY);
    if (fd < 0 || fstat(fd, &status))
        die(argv[3]);
    size = status.st_size;
    reference = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (reference == MAP_FAILED || madvise((void *)reference, size, MADV_RANDOM))
        die(argv[3]);
    plan(pattern);
    latencies = calloc(count, sizeof *latencies);

    pthread_t threads[thread_count];
    pthread_barrier_init(&barrier, NULL, thread_count + 1);
    for (size_t i = 0; i < thread_count; i++) {
        if (pthread_create(&threads[i], NULL, read_units, (void *)i))
            die("pthread_create");
    }
    // No thread can begin before the last one is at the barrier, and that is this one.
    uint64_t begin = now(CLOCK_MONOTONIC);
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    uint64_t elapsed = now(CLOCK_MONOTONIC) - begin;

    int out = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out < 0 || write(out, latencies, count * sizeof *latencies) != (ssize_t)(count * sizeof *latencies))
        die(argv[4]);
    printf("reads=%zu elapsed=%llu verified=%llu\n", count, (unsigned long long)elapsed,
           (unsigned long long)verify());
    return 0;
}
