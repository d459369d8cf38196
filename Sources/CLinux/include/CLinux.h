#pragma once
// Linux calls that Swift's Glibc overlay does not offer without _GNU_SOURCE. Each returns 0 or a
// descriptor on success and -errno on failure, so that errno need not be read across languages.
#include "SendWatch.h"
#include <malloc.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>

/// pipe2(2) with O_CLOEXEC. -1 and errno on failure, as pipe(2).
int packetwalk_pipe(int ends[2]);
/// setns(2) into the network namespace behind `descriptor`.
int packetwalk_enter_network_namespace(int descriptor);
/// Whether the open file is a network namespace (ioctl_nsfs(2)): 1 or 0.
int packetwalk_is_network_namespace(int descriptor);
/// unshare(2) of the calling thread's network namespace.
int packetwalk_unshare_network_namespace(void);
/// On how many processors the calling thread may run (sched_getaffinity(2)); 1 where that can't be told.
int packetwalk_usable_processors(void);
/// setfsuid(2) and setfsgid(2) of the calling thread, each unless -1: sockets that it opens are theirs (`-m owner`,
/// `meta skuid`, `ip rule uidrange`). -errno where it may not.
int packetwalk_open_sockets_as(int64_t user, int64_t group);
/// What the C library's `stderr` gets is thrown away until `packetwalk_restore_standard_error`, which takes what this
/// gave. Descriptor 2 stays as it is. NULL where nothing was changed.
void *packetwalk_discard_standard_error(void);
void packetwalk_restore_standard_error(void *discarded);
/// gettid(2).
pid_t packetwalk_thread_id(void);
/// prctl(PR_SET_PDEATHSIG): `signal` is sent to the caller when its parent dies.
int packetwalk_set_parent_death_signal(int signal);
/// vfork(2) and execute. `arguments` and `environment` end in NULL. `input`, `output`, `error` become descriptors
/// 0, 1, 2 where they are not -1. A `network_namespace` other than -1 is entered in the child, `parent_death_signal`
/// other than 0 is set there, and `new_group` other than 0 puts it into a process group of its own.
/// Gives the child's id, or -errno, also of a failed exec.
pid_t packetwalk_spawn(const char *path, char *const arguments[], char *const environment[],
                       int input, int output, int error, int network_namespace,
                       int parent_death_signal, int new_group);
/// A file without a name in `folder` (O_TMPFILE), for its owner alone: gone with its descriptor unless linkat(2) gives it a
/// name. -1 and errno on failure; EOPNOTSUPP where the file system has none.
int packetwalk_open_unnamed(const char *folder);

/// Gives away what the calling thread, and those that it starts, do not need to read what is open and write where is open:
/// all capabilities, new privileges by exec, and by a seccomp(2) filter other programs, sockets, signals, and files to
/// write. What the kernel can't do is left out. For good.
void packetwalk_confine(void);

/// unshare(CLONE_NEWNS) for the calling thread, whose mounts are then no other's too. -errno where it fails.
int packetwalk_unshare_mounts(void);

/// The step that failed in `packetwalk_sandbox`.
enum {
    PACKETWALK_SANDBOX_PROCESS = 1,
    PACKETWALK_SANDBOX_NAMESPACES = 2,
    PACKETWALK_SANDBOX_IDENTITY = 3,
    PACKETWALK_SANDBOX_MOUNT = 4,
    PACKETWALK_SANDBOX_EXECUTE = 5,
    PACKETWALK_SANDBOX_HIDE = 6,
};

/// Runs the program `path` in new network, mount, process and IPC namespaces (and a user namespace, where asked),
/// with a tmpfs on /run, and waits for its end: its status, or 128 and the signal's number. Signals sent to this
/// process are handed on. When either side ends, killed or not, every process in there ends and nothing stays.
/// -errno where it can't be started; `failed_step` then says at what.
int packetwalk_sandbox(const char *path, char *const arguments[], char *const environment[], int user_namespace,
                       int *failed_step);
/// As `packetwalk_sandbox`, without waiting: gives the id of the sandbox's first process, whose end is that of everything
/// in there and whose status is the program's. `descriptors` become 0, 1 and 2; no other is handed on. It all ends, too,
/// when the calling *thread* does.
pid_t packetwalk_sandbox_start(const char *path, char *const arguments[], char *const environment[],
                               const int descriptors[3], int user_namespace, int *failed_step);
/// Takes one datagram of a UDP socket that has IP_PKTINFO or IPV6_RECVPKTINFO, and answers it with the `length` bytes at
/// `answer`, from the address that it was sent to, unless it consists of these bytes itself (two such sockets would answer
/// each other for ever). 1, 0 where there is none, -errno where it can't be taken.
int packetwalk_answer_datagram(int socket, const void *answer, unsigned length);
/// clock_gettime(2) in nanoseconds. Here because several C modules bring their own `struct timespec`.
int64_t packetwalk_clock_nanoseconds(int clock_identifier);
/// setpriority(2) for the calling thread alone: before threads that compute. Nothing happens where it is not permitted.
void packetwalk_raise_priority(void);
/// nice(2) of the calling thread, -20 to 19.
int packetwalk_nice(void);
/// Sets it, where the caller may.
void packetwalk_set_nice(int nice);
/// epoll_create1(2) with EPOLL_CLOEXEC. The calls stand here because `struct epoll_event` is packed.
int packetwalk_epoll_make(void);
/// Watches `descriptor` for something to read.
int packetwalk_epoll_add(int epoll, int descriptor);
int packetwalk_epoll_remove(int epoll, int descriptor);
/// Waits and writes at most 256 ready descriptors to `ready`; gives their number.
int packetwalk_epoll_wait(int epoll, int *ready, int count, int timeout_milliseconds);
/// The index of the device that a packet socket is bound to; 0 for none and for another kind of descriptor.
unsigned packetwalk_captured_device(int socket);
/// The hardware type (ARPHRD_…) of a device of the calling thread's network namespace; -errno where there is none.
int packetwalk_device_type(unsigned index);
/// A descriptor that becomes readable each so many milliseconds (timerfd_create(2)), or -errno. Reading takes that back.
int packetwalk_ticker(int milliseconds);
/// SO_ATTACH_FILTER of packet(7) sockets: only packets that go out (`outgoing` 1) or only those that come in (0), and of
/// these what the `count` struct sock_filter at `instructions` let through; everything where there are none.
int packetwalk_attach_capture_filter(int descriptor, int outgoing, const void *instructions, unsigned count);
/// The root of a tracefs that is mounted nowhere: it goes with the descriptor and what was opened below it.
int packetwalk_mount_tracefs(void);
/// Takes the next message of the error queue of a socket with IP_RECVERR or IPV6_RECVERR (ip(7)). `code` is its errno
/// and `is_icmp` whether an ICMP message told of it; then up to `capacity` bytes of the packet that it quotes, behind
/// the IP header, come to `quoted`, and their number to `length`. 1, or 0 where the queue is empty.
int packetwalk_take_socket_error(int descriptor, int *code, int *is_icmp, void *quoted, unsigned capacity,
                                 unsigned *length);

/// Takes the terminal for a full screen: its other screen, no cursor, keys one by one. Calls while it is taken take it once
/// more, as after a stop. `guardian`, where it is not -1, is the input of `packetwalk_terminal_guard` in another process.
/// One terminal in a process. -errno where it fails.
int packetwalk_terminal_take(int descriptor, int guardian);
/// Puts the terminal back as it was; nothing where it is not taken. Safe in a signal handler.
void packetwalk_terminal_release(void);
/// TIOCGWINSZ. -errno where it fails.
int packetwalk_terminal_size(int descriptor, int *columns, int *rows);
/// Waits until the other end of `input` is closed, and puts the terminal `descriptor` back if it is still taken then. Gives an
/// exit status.
int packetwalk_terminal_guard(int input, int descriptor);

/// sizeof(struct ipt_getinfo), and of ip6t_getinfo.
enum { PACKETWALK_XTABLES_INFO = 84 };
/// What is known of an iptables-legacy table in the namespace of a raw IPv4 or IPv6 socket (IPT_SO_GET_INFO), which is made if it is not
/// there. 0 or -errno. Takes CAP_NET_ADMIN.
int packetwalk_xtables_info(int descriptor, int is_ipv6, const char *table, void *info);
/// Names the calling thread: 15 bytes at most.
void packetwalk_name_thread(const char *name);
