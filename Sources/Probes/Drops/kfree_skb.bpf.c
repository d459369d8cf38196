// Reports each packet that the kernel frees as dropped, through a ring of its own. Attached to the tracepoint skb:kfree_skb.
// Built by `make bpf`; the object beside this file is what ships.
// Linux 6.1 is to load it.
#define BEFORE_LINUX_6_2
#include "../BPF/drop.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} drops SEC(".maps");

SEC("tp_btf/kfree_skb")
int report_drop(u64 *arguments) {
    if (is_drop(arguments)) report(&drops, arguments);
    return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
