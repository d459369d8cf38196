#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the first process in the sandbox tells the one outside when a step failed.
struct report {
    int step;
    int code;
};

static void forwarded_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGQUIT);
    sigaddset(set, SIGCHLD);
}

// Waits for `child` with its signals blocked and hands on to it what another process sent to us; the first process of
// a sandbox reaps whatever else ends meanwhile (`reaped` is -1). What the terminal sends reaches the child by itself.
static int wait_forwarding(pid_t child, pid_t reaped) {
    sigset_t set;
    forwarded_signals(&set);
    for (;;) {
        int status;
        pid_t ended;
        while ((ended = waitpid(reaped, &status, WNOHANG)) > 0) {
            if (ended != child) continue;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        if (ended < 0 && errno == ECHILD) return 127;
        siginfo_t info;
        int number = sigwaitinfo(&set, &info);
        if (number > 0 && number != SIGCHLD && info.si_code <= 0) kill(child, number);
    }
}

static int write_file(const char *path, const char *text) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    ssize_t count = write(descriptor, text, strlen(text));
    int code = count < 0 ? -errno : 0;
    close(descriptor);
    return code;
}

static int map_identities(pid_t child, uid_t user, gid_t group) {
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)child);
    int code = write_file(path, "deny");
    if (code != 0 && code != -ENOENT) return code;
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)child);
    snprintf(text, sizeof text, "0 %u 1", (unsigned)group);
    code = write_file(path, text);
    if (code != 0) return code;
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)child);
    snprintf(text, sizeof text, "0 %u 1", (unsigned)user);
    return write_file(path, text);
}

int packetwalk_unshare_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0) return -errno;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ? -errno : 0;
}

static void refuse(int pipe_end, int step) {
    struct report report = {step, errno};
    ssize_t ignored = write(pipe_end, &report, sizeof report);
    (void)ignored;
    _exit(127);
}

// Only what a process can't do without is an error: where /proc or /sys are partly hidden (as in a container), the
// kernel does not allow new ones, and the old ones serve, less well.
static void prepare_mounts(int report) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) refuse(report, PACKETWALK_SANDBOX_MOUNT);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) errno = 0;
    // A container engine in the sandbox needs the control groups, which a new /sys hides.
    int groups = open("/sys/fs/cgroup", O_PATH | O_CLOEXEC);
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 && groups >= 0) {
        char source[64];
        snprintf(source, sizeof source, "/proc/self/fd/%d", groups);
        if (mount(source, "/sys/fs/cgroup", NULL, MS_BIND | MS_REC, NULL) != 0) errno = 0;
    }
    if (groups >= 0) close(groups);
    if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
        refuse(report, PACKETWALK_SANDBOX_MOUNT);
    }
    if (mkdir("/run/netns", 0755) != 0 || mount("/run/netns", "/run/netns", NULL, MS_BIND | MS_REC, NULL) != 0 ||
        mount(NULL, "/run/netns", NULL, MS_REC | MS_SHARED, NULL) != 0) {
        refuse(report, PACKETWALK_SANDBOX_MOUNT);
    }
    if (mkdir("/run/lock", 01777) != 0) refuse(report, PACKETWALK_SANDBOX_MOUNT);
    // As on a machine where br_netfilter isn't loaded; a new namespace has these on where it is.
    write_file("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
    write_file("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
    write_file("/proc/sys/net/bridge/bridge-nf-call-arptables", "0");
}

// Leaves 0, 1, 2 as they are given, the two pipes of the start, and nothing else of what the program had open: the pipes
// of another sandbox that starts meanwhile would have no end.
static void keep_descriptors(const int standard[3], int gate, int report) {
    for (int number = 0; number < 3; number++) {
        if (dup2(standard[number], number) < 0) refuse(report, PACKETWALK_SANDBOX_PROCESS);
    }
    unsigned low = (unsigned)(gate < report ? gate : report), high = (unsigned)(gate < report ? report : gate);
    if (low > 3) close_range(3, low - 1, 0);
    if (high > low + 1) close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0U, 0);
}

// The first process of the sandbox: prepares it, runs the program as its child, and takes everything with it.
static void run_first_process(const char *path, char *const arguments[], char *const environment[],
                              const int standard[3], int gate, int report) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) refuse(report, PACKETWALK_SANDBOX_PROCESS);
    if (standard) keep_descriptors(standard, gate, report);
    char go;
    ssize_t count;
    do count = read(gate, &go, 1);
    while (count < 0 && errno == EINTR);
    if (count != 1) _exit(127);  // The process outside is gone.
    close(gate);
    // Not together with the user namespace: what of /proc/net belongs to root is given to the root of the moment, whom
    // the identities do not name yet then, and nobody in the sandbox could read which tables iptables-legacy has.
    if (unshare(CLONE_NEWNET) != 0) refuse(report, PACKETWALK_SANDBOX_NAMESPACES);
    prepare_mounts(report);

    sigset_t set;
    forwarded_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    // Not glibc's fork, which takes the locks of malloc: another thread outside may have held one when this process was
    // made, and nobody here would ever give it back.
    pid_t program = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (program < 0) refuse(report, PACKETWALK_SANDBOX_PROCESS);
    if (program == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(path, arguments, environment);
        refuse(report, PACKETWALK_SANDBOX_EXECUTE);
    }
    close(report);
    int status = wait_forwarding(program, -1);
    _exit(status);
}

// Starts the first process, which inherits that the signals to be handed on are blocked. Its id, or -errno.
static pid_t start(const char *path, char *const arguments[], char *const environment[], const int standard[3],
                   int user_namespace, int *failed_step) {
    int gate[2], reports[2];
    *failed_step = PACKETWALK_SANDBOX_PROCESS;
    if (pipe2(gate, O_CLOEXEC) != 0) return -errno;
    if (pipe2(reports, O_CLOEXEC) != 0) {
        int code = -errno;
        close(gate[0]);
        close(gate[1]);
        return code;
    }
    uid_t user = geteuid();
    gid_t group = getegid();
    unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | SIGCHLD;
    if (user_namespace) flags |= CLONE_NEWUSER;
    // Without a stack of its own this is fork(2) into new namespaces; glibc's fork takes no flags.
    pid_t child = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (child == 0) {
        close(gate[1]);
        close(reports[0]);
        run_first_process(path, arguments, environment, standard, gate[0], reports[1]);
        _exit(127);
    }
    int code = child < 0 ? -errno : 0;
    close(gate[0]);
    close(reports[1]);
    if (child < 0) {
        *failed_step = PACKETWALK_SANDBOX_NAMESPACES;
    } else if (user_namespace && (code = map_identities(child, user, group)) != 0) {
        *failed_step = PACKETWALK_SANDBOX_IDENTITY;
    } else {
        ssize_t ignored = write(gate[1], "g", 1);
        (void)ignored;
    }
    close(gate[1]);
    if (code == 0) {
        struct report report;
        ssize_t count;
        do count = read(reports[0], &report, sizeof report);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof report) {
            *failed_step = report.step;
            code = -report.code;
        }
    }
    close(reports[0]);
    if (code == 0) return child;
    if (child > 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
    return code;
}

int packetwalk_sandbox(const char *path, char *const arguments[], char *const environment[], int user_namespace,
                       int *failed_step) {
    sigset_t set, old;
    forwarded_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    int code = start(path, arguments, environment, NULL, user_namespace, failed_step);
    if (code > 0) code = wait_forwarding(code, code);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

pid_t packetwalk_sandbox_start(const char *path, char *const arguments[], char *const environment[],
                               const int descriptors[3], int user_namespace, int *failed_step) {
    sigset_t set, old;
    forwarded_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    pid_t child = start(path, arguments, environment, descriptors, user_namespace, failed_step);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return child;
}
