#define _GNU_SOURCE
#include "include/CLinux.h"
#include <stdio.h>

// `stderr` is a variable in glibc: a library that prints to it in between
// prints to the other stream.
static FILE *kept;

void *packetwalk_discard_standard_error(void) {
    // It stays open: another thread may be printing to it.
    static FILE *nowhere;
    if (!nowhere) nowhere = fopen("/dev/null", "we");
    if (!nowhere) return NULL;
    kept = stderr;
    stderr = nowhere;
    return nowhere;
}

void packetwalk_restore_standard_error(void *discarded) {
    if (!discarded) return;
    stderr = kept;
}
