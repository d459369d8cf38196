#define _GNU_SOURCE
#include "SendWatch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "Architecture.h"

// <linux/ptrace.h> and <sys/ptrace.h> can't both be had; these are the former's (ptrace(2)).
struct syscall_information {
    uint8_t operation;
    uint8_t padding[3];
    uint32_t architecture;
    uint64_t instruction_pointer;
    uint64_t stack_pointer;
    union {
        struct {
            uint64_t number;
            uint64_t arguments[6];
        } entry;
        struct {
            int64_t value;
            uint8_t is_error;
        } exit;
        struct {
            uint64_t number;
            uint64_t arguments[6];
            uint32_t data;
        } seccomp;
    };
};
enum { GET_SYSCALL_INFO = 0x420e, AT_EXIT = 2, AT_SECCOMP = 3 };

#define TRACED(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)

static int set_filter(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        TRACED(connect), TRACED(sendto), TRACED(sendmsg), TRACED(sendmmsg),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void fail(int pipe_end) {
    int code = errno;
    ssize_t ignored = write(pipe_end, &code, sizeof code);
    (void)ignored;
    _exit(127);
}

pid_t packetwalk_watch_start(const char *path, char *const arguments[], char *const environment[], int input,
                             int output, int error) {
    int go[2], report[2];
    if (pipe2(go, O_CLOEXEC) != 0) return -errno;
    if (pipe2(report, O_CLOEXEC) != 0) {
        int code = errno;
        close(go[0]);
        close(go[1]);
        return -code;
    }
    pid_t child = fork();
    if (child == 0) {
        // Only async-signal-safe calls: the parent has threads.
        for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close(go[1]);
        char byte;
        while (read(go[0], &byte, 1) < 0 && errno == EINTR) {}
        if (input >= 0 && dup2(input, 0) < 0) fail(report[1]);
        if (output >= 0 && dup2(output, 1) < 0) fail(report[1]);
        if (error >= 0 && dup2(error, 2) < 0) fail(report[1]);
        // Without no_new_privs, so that a setuid program stays one; this wants CAP_SYS_ADMIN here.
        if (set_filter() != 0) fail(report[1]);
        execvpe(path, arguments, environment);
        fail(report[1]);
    }
    int code = child < 0 ? errno : 0;
    close(go[0]);
    close(report[1]);
    if (code == 0) {
        long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
        if (ptrace(PTRACE_SEIZE, child, NULL, options) != 0) {
            code = errno;
            kill(child, SIGKILL);
        }
    }
    close(go[1]);
    // The child's exec fails with a traced stop or two of its own before: none happens until it has run the filter,
    // and execve is not filtered, so the report comes without our help.
    ssize_t count = 0;
    int child_code = 0;
    if (code == 0) {
        do count = read(report[0], &child_code, sizeof child_code);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof child_code) code = child_code;
    }
    close(report[0]);
    if (code == 0) return child;
    if (child > 0) {
        int status;
        while (waitpid(child, &status, __WALL) < 0 && errno == EINTR) {}
    }
    return -code;
}

static void fill_address(const struct sockaddr_storage *from, uint8_t *address, uint16_t *port) {
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        memcpy(address, &in->sin_addr, 4);
        *port = ntohs(in->sin_port);
    } else {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;
        memcpy(address, &in->sin6_addr, 16);
        *port = ntohs(in->sin6_port);
    }
}

static size_t read_memory(pid_t process, uint64_t address, void *to, size_t size) {
    struct iovec here = {to, size}, there = {(void *)address, size};
    ssize_t count = process_vm_readv(process, &here, 1, &there, 1, 0);
    return count < 0 ? 0 : (size_t)count;
}

// The destination that the call names, or the one that its socket is connected to.
static int find_destination(pid_t process, int socket, const struct syscall_information *call,
                            struct sockaddr_storage *to) {
    uint64_t pointer = 0, length = 0;
    const uint64_t *arguments = call->seccomp.arguments;
    memset(to, 0, sizeof *to);
    switch (call->seccomp.number) {
    case SYS_connect:
        pointer = arguments[1];
        length = arguments[2];
        break;
    case SYS_sendto:
        pointer = arguments[4];
        length = arguments[5];
        break;
    default: {
        struct msghdr message;
        if (read_memory(process, arguments[1], &message, sizeof message) == sizeof message) {
            pointer = (uint64_t)message.msg_name;
            length = message.msg_namelen;
        }
    }
    }
    if (pointer != 0 && length > 0) {
        if (length > sizeof *to) length = sizeof *to;
        read_memory(process, pointer, to, length);
    } else if (socket >= 0) {
        socklen_t size = sizeof *to;
        if (getpeername(socket, (struct sockaddr *)to, &size) != 0) return 0;
    }
    return to->ss_family == AF_INET || to->ss_family == AF_INET6;
}

static void describe(pid_t process, const struct syscall_information *call, int code,
                     void (*report)(void *, const struct packetwalk_send_failure *), void *context) {
    struct packetwalk_send_failure failure = {.error = code};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    failure.time_nanoseconds = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;

    int handle = (int)syscall(SYS_pidfd_open, process, 0);
    int socket = handle < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, handle, (int)call->seccomp.arguments[0], 0);
    struct sockaddr_storage to, from = {0};
    if (find_destination(process, socket, call, &to)) {
        failure.family = to.ss_family == AF_INET ? 4 : 6;
        fill_address(&to, failure.destination, &failure.destination_port);
        socklen_t size = sizeof from;
        if (socket >= 0 && getsockname(socket, (struct sockaddr *)&from, &size) == 0 && from.ss_family == to.ss_family) {
            fill_address(&from, failure.source, &failure.source_port);
            for (int index = 0; index < 16; index++) failure.has_source |= failure.source[index] != 0;
        }
        int protocol = 0;
        size = sizeof protocol;
        if (socket >= 0) getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
        failure.ip_protocol = (uint16_t)protocol;
        char path[64];
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/ns/net", process);
        if (stat(path, &status) == 0) failure.namespace_inode = status.st_ino;
        report(context, &failure);
    }
    if (socket >= 0) close(socket);
    if (handle >= 0) close(handle);
}

// Errors that mean that nothing was sent. EINPROGRESS, EAGAIN, EINTR and the like do not.
static int is_failure(int code) {
    switch (code) {
    case ENETUNREACH: case EHOSTUNREACH: case ENETDOWN: case EPERM: case EACCES: case EINVAL: case EADDRNOTAVAIL:
    case EMSGSIZE: case ENOBUFS: case ECONNREFUSED: case ETIMEDOUT: case EHOSTDOWN:
        return 1;
    default:
        return 0;
    }
}

// A thread that stands between the entry and the exit of a watched call. Few at a time: a small table does.
struct pending {
    pid_t thread;
    struct syscall_information call;
};
enum { PENDING_CAPACITY = 256 };

void packetwalk_watch_run(pid_t child, void (*report)(void *context, const struct packetwalk_send_failure *failure),
                          void (*ended)(void *context, int status), void *context) {
    struct pending pending[PENDING_CAPACITY];
    memset(pending, 0, sizeof pending);
    for (;;) {
        int status;
        // Only this thread's own children and tracees.
        pid_t thread = waitpid(-1, &status, __WALL | __WNOTHREAD);
        if (thread < 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == child) ended(context, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
            continue;
        }
        int stop = WSTOPSIG(status), event = status >> 16, signal_number = 0;
        struct pending *slot = NULL;
        for (int index = 0; index < PENDING_CAPACITY && !slot; index++) {
            if (pending[index].thread == thread) slot = &pending[index];
        }
        if (event == PTRACE_EVENT_SECCOMP) {
            for (int index = 0; index < PENDING_CAPACITY && !slot; index++) {
                if (pending[index].thread == 0) slot = &pending[index];
            }
            if (slot && ptrace(GET_SYSCALL_INFO, thread, sizeof slot->call, &slot->call) > 0) {
                slot->thread = thread;
                ptrace(PTRACE_SYSCALL, thread, NULL, 0);
                continue;
            }
            if (slot) slot->thread = 0;
        } else if (stop == (SIGTRAP | 0x80)) {
            struct syscall_information exit;
            if (ptrace(GET_SYSCALL_INFO, thread, sizeof exit, &exit) > 0 && exit.operation == AT_EXIT && slot) {
                if (exit.exit.is_error && is_failure((int)-exit.exit.value)) {
                    describe(thread, &slot->call, (int)-exit.exit.value, report, context);
                }
                slot->thread = 0;
            }
        } else if (event == PTRACE_EVENT_STOP && (stop == SIGSTOP || stop == SIGTSTP || stop == SIGTTIN || stop == SIGTTOU)) {
            ptrace(PTRACE_LISTEN, thread, NULL, 0);
            continue;
        } else if (event == 0) {
            signal_number = stop;
        }
        ptrace(slot && slot->thread == thread ? PTRACE_SYSCALL : PTRACE_CONT, thread, NULL, signal_number);
    }
}
