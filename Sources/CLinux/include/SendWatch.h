#pragma once
// Runs a program and hears of each of its socket calls that failed to send: the only witness of a packet that never
// existed. By ptrace(2), stopped by a seccomp(2) filter at connect, sendto, sendmsg and sendmmsg alone, so that every
// other call runs at full speed.
#include <stdint.h>
#include <sys/types.h>

struct packetwalk_send_failure {
    int64_t time_nanoseconds;      // CLOCK_REALTIME
    uint64_t namespace_inode;      // of the sender's network namespace
    int32_t error;                 // errno
    uint16_t ip_protocol;          // SO_PROTOCOL
    uint8_t family;                // 4 or 6
    uint8_t has_source;
    uint16_t source_port;
    uint16_t destination_port;
    uint8_t source[16];
    uint8_t destination[16];
};

/// Starts the program on the calling thread, which must stay to run `packetwalk_watch_run`. The descriptors are as in
/// `packetwalk_spawn`. Gives the child's id, or -errno; EPERM where the filter may not be set.
pid_t packetwalk_watch_start(const char *path, char *const arguments[], char *const environment[], int input,
                             int output, int error);
/// Serves the program and its children until all have ended, calling `report` for each failure and `ended` when the
/// first child ends, with its exit status or 128 and the signal's number.
void packetwalk_watch_run(pid_t child, void (*report)(void *context, const struct packetwalk_send_failure *failure),
                          void (*ended)(void *context, int status), void *context);
