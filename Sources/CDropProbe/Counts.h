#pragma once
// The counters of a BPF program, in memory that is shared with it: to read them takes no system call, which the kernel
// grants to some alone.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct counts {
    const uint64_t *values;
};

/// Of an array of 64-bit values that fits into a page (BPF_F_MMAPABLE). 0 or -errno.
static inline int open_counts(struct counts *counts, int map) {
    void *memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, map, 0);
    if (memory == MAP_FAILED) return -errno;
    counts->values = memory;
    return 0;
}

static inline uint64_t read_count(const struct counts *counts, int index) {
    return __atomic_load_n(&counts->values[index], __ATOMIC_RELAXED);
}

static inline void close_counts(struct counts *counts) {
    if (counts->values) munmap((void *)counts->values, (size_t)sysconf(_SC_PAGESIZE));
    counts->values = NULL;
}
