#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Architecture.h"
#include "CLinux.h"

#define REFUSED BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define REFUSE(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), REFUSED
// Refused where any of `bits` is set in the low half of argument `number`.
#define REFUSE_WITH(call, number, bits)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4),                                                             \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[number])),                               \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), REFUSED, BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int refuse_changes(void) {
    const unsigned writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
        REFUSED,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#if defined(__x86_64__)
        // The numbers of x32.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        REFUSED,
        REFUSE(fork), REFUSE(vfork), REFUSE(creat), REFUSE(unlink), REFUSE(rename), REFUSE(mkdir), REFUSE(rmdir),
        REFUSE(link), REFUSE(symlink), REFUSE(chmod), REFUSE(chown), REFUSE(mknod),
        REFUSE_WITH(open, 1, writing),
#endif
        REFUSE(execve), REFUSE(execveat), REFUSE(socket), REFUSE(connect), REFUSE(ptrace), REFUSE(process_vm_writev),
        REFUSE(kill), REFUSE(tkill), REFUSE(setns), REFUSE(unshare), REFUSE(mount), REFUSE(umount2), REFUSE(bpf),
        REFUSE(io_uring_setup), REFUSE(openat2), REFUSE(unlinkat), REFUSE(renameat2), REFUSE(mkdirat), REFUSE(linkat),
        REFUSE(symlinkat), REFUSE(fchmodat), REFUSE(fchownat), REFUSE(truncate), REFUSE(mknodat),
        REFUSE_WITH(openat, 2, writing),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void packetwalk_confine(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    syscall(SYS_capset, &header, none);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) refuse_changes();
}
