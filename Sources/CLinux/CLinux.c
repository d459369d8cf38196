#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

int packetwalk_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

int packetwalk_enter_network_namespace(int descriptor) {
    return setns(descriptor, CLONE_NEWNET) == 0 ? 0 : -errno;
}

int packetwalk_is_network_namespace(int descriptor) {
    return ioctl(descriptor, NS_GET_NSTYPE) == CLONE_NEWNET;
}

int packetwalk_usable_processors(void) {
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) == 0 ? CPU_COUNT(&processors) : 1;
}

int packetwalk_unshare_network_namespace(void) {
    return unshare(CLONE_NEWNET) == 0 ? 0 : -errno;
}

pid_t packetwalk_thread_id(void) {
    return (pid_t)syscall(SYS_gettid);
}

int packetwalk_open_sockets_as(int64_t user, int64_t group) {
    // The calls give the id that was, and no error; -1 is nobody's and changes nothing.
    if (group != -1) {
        setfsgid((gid_t)group);
        if (setfsgid((gid_t)-1) != (int)group) return -EPERM;
    }
    if (user != -1) {
        setfsuid((uid_t)user);
        if (setfsuid((uid_t)-1) != (int)user) return -EPERM;
    }
    return 0;
}

int packetwalk_set_parent_death_signal(int signal_number) {
    return prctl(PR_SET_PDEATHSIG, signal_number) == 0 ? 0 : -errno;
}

pid_t packetwalk_spawn(const char *path, char *const arguments[], char *const environment[],
                       int input, int output, int error, int network_namespace,
                       int parent_death_signal, int new_group) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t parent = getpid();
    // The child writes here: it has this process's memory until it runs the program, and this thread waits until then.
    // A copy of the page tables (fork) would cost more than the program itself.
    volatile int code = 0;
    pid_t child = vfork();
    if (child == 0) {
        // Only async-signal-safe calls from here on: the parent may have threads.
        struct sigaction standard = {.sa_handler = SIG_DFL};
        for (int number = 1; number < 32; number++) sigaction(number, &standard, NULL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (parent_death_signal != 0) {
            if (prctl(PR_SET_PDEATHSIG, parent_death_signal) != 0) goto failed;
            if (getppid() != parent) _exit(127);
        }
        if (new_group != 0) setpgid(0, 0);
        if (network_namespace >= 0 && setns(network_namespace, CLONE_NEWNET) != 0) goto failed;
        if (input >= 0 && dup2(input, 0) < 0) goto failed;
        if (output >= 0 && dup2(output, 1) < 0) goto failed;
        if (error >= 0 && dup2(error, 2) < 0) goto failed;
        execvpe(path, arguments, environment);
    failed:
        code = errno;
        _exit(127);
    }
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (child < 0) return -fork_error;
    if (code != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return -code;
    }
    return child;
}

int packetwalk_open_unnamed(const char *folder) {
    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

int64_t packetwalk_clock_nanoseconds(int clock_identifier) {
    struct timespec now = {0};
    clock_gettime(clock_identifier, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// On Linux a thread's identifier names it alone.
int packetwalk_nice(void) { return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)); }

void packetwalk_set_nice(int nice) { (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice); }

void packetwalk_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

void packetwalk_raise_priority(void) { packetwalk_set_nice(-10); }

int packetwalk_epoll_make(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

int packetwalk_epoll_add(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

int packetwalk_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL) == 0 ? 0 : -errno;
}

int packetwalk_epoll_wait(int epoll, int *ready, int count, int timeout_milliseconds) {
    enum { most = 8192 };  /* 96 kB of stack */
    struct epoll_event events[most];
    int found = epoll_wait(epoll, events, count < most ? count : most, timeout_milliseconds);
    if (found < 0) return -errno;
    for (int index = 0; index < found; index++) ready[index] = events[index].data.fd;
    return found;
}

unsigned packetwalk_captured_device(int socket) {
    struct sockaddr_ll address = {0};
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length) != 0 || address.sll_family != AF_PACKET)
        return 0;
    return (unsigned)address.sll_ifindex;
}

int packetwalk_device_type(unsigned index) {
    struct ifreq request = {0};
    if (!if_indextoname(index, request.ifr_name)) return -errno;
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0) return -errno;
    int type = ioctl(any, SIOCGIFHWADDR, &request) == 0 ? request.ifr_hwaddr.sa_family : -errno;
    close(any);
    return type;
}

int packetwalk_ticker(int milliseconds) {
    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (descriptor < 0) return -errno;
    struct timespec period = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    struct itimerspec setting = {.it_interval = period, .it_value = period};
    if (timerfd_settime(descriptor, 0, &setting, NULL) == 0) return descriptor;
    int code = -errno;
    close(descriptor);
    return code;
}

int packetwalk_attach_capture_filter(int descriptor, int outgoing, const void *instructions, unsigned count) {
    struct sock_filter program[BPF_MAXINSNS] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, outgoing ? 1 : 0, outgoing ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0x40000),
    };
    if (count > BPF_MAXINSNS - 3) return -E2BIG;
    if (count > 0) memcpy(program + 3, instructions, count * sizeof *program);
    /* Not even asked about what goes out. A kernel that has no such option has the filter. */
    if (!outgoing) {
        int yes = 1;
        setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
    }
    struct sock_fprog attached = {.len = (unsigned short)(count > 0 ? count + 3 : 4), .filter = program};
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) == 0 ? 0 : -errno;
}

int packetwalk_mount_tracefs(void) {
    int context = fsopen("tracefs", FSOPEN_CLOEXEC);
    if (context < 0) return -errno;
    int mount = -1, root = -1, code = 0;
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
    /* What fsmount(2) gives only names the root (O_PATH). */
    if (mount >= 0) root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) code = -errno;
    if (mount >= 0) close(mount);
    close(context);
    return root >= 0 ? root : code;
}

int packetwalk_take_socket_error(int descriptor, int *code, int *is_icmp, void *quoted, unsigned capacity,
                                 unsigned *length) {
    union {
        struct cmsghdr header;
        char bytes[512];
    } control;
    struct iovec part = {quoted, capacity};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t count;
    do count = recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0) return errno == EAGAIN ? 0 : -errno;
    *code = 0;
    *is_icmp = 0;
    *length = (unsigned)count;
    for (struct cmsghdr *part_header = CMSG_FIRSTHDR(&message); part_header;
         part_header = CMSG_NXTHDR(&message, part_header)) {
        if (!(part_header->cmsg_level == IPPROTO_IP && part_header->cmsg_type == IP_RECVERR)
            && !(part_header->cmsg_level == IPPROTO_IPV6 && part_header->cmsg_type == IPV6_RECVERR))
            continue;
        struct sock_extended_err error;
        if (part_header->cmsg_len < CMSG_LEN(sizeof error)) continue;
        memcpy(&error, CMSG_DATA(part_header), sizeof error);
        *code = (int)error.ee_errno;
        *is_icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
    }
    return 1;
}
