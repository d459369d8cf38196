// Reports each packet that the kernel frees as dropped: why, where, on which device of which namespace, and its first
// bytes. Attached to the tracepoint skb:kfree_skb. Built by `make bpf`; the object beside this file is what ships.
//
// The kernel's structures are declared with the members that are read, no more: CO-RE finds their true offsets in the
// running kernel's own type information when the program is loaded.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define relocatable __attribute__((preserve_access_index))

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };
// The reader looks at the ring by the clock: to wake it costs the packet's path more than all else here.
enum { BPF_RB_NO_WAKEUP = 1 };

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static long (*bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;
static long (*bpf_snprintf)(char *to, u32 size, const char *format, u64 *data, u32 data_length) = (void *)165;

struct ns_common {
    u32 inum;
} relocatable;
struct net {
    struct ns_common ns;
} relocatable;
typedef struct {
    struct net *net;
} possible_net_t;
struct net_device {
    int ifindex;
    char name[16];
    possible_net_t nd_net;
} relocatable;
struct sock_common {
    possible_net_t skc_net;
} relocatable;
struct sock {
    struct sock_common __sk_common;
} relocatable;
struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    u32 len;
    u32 data_len;
    u32 mark;
    u16 protocol;
    u16 network_header;
    unsigned char *head;
    unsigned char *data;
    u32 tail;
} relocatable;

#define PACKET_BYTES 192

// Read by Drops/DropRecord.swift: the two must agree, byte for byte.
struct drop {
    u64 time_nanoseconds;   // CLOCK_MONOTONIC
    u64 address;            // of the code that freed it
    u32 reason;             // enum skb_drop_reason
    u32 namespace_inode;    // 0 where unknown
    u32 interface_index;    // 0 where unknown
    u32 mark;
    u32 length;             // from the network header to the packet's end
    u16 protocol;           // ethertype, host order
    u16 captured;           // bytes used of `packet`
    char device[16];
    char location[48];      // symbol and offset
    u8 packet[PACKET_BYTES];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} drops SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} lost SEC(".maps");

static const char symbol_format[] = "%ps";

// Symbols by address: to look one up in the kernel's own table takes longer than all else here.
struct symbol {
    char text[48];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, u64);
    __type(value, struct symbol);
} symbols SEC(".maps");

static __attribute__((noinline)) int name_symbol(u64 address) {
    struct symbol symbol = {};
    bpf_snprintf(symbol.text, sizeof symbol.text, symbol_format, &address, sizeof address);
    return bpf_map_update_elem(&symbols, &address, &symbol, 0);
}

#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), &(from))

SEC("tp_btf/kfree_skb")
int report_drop(u64 *arguments) {
    struct sk_buff *skb = (struct sk_buff *)arguments[0];
    u32 reason = (u32)arguments[2];
    // 0 to 2 are "not dropped yet", "consumed" and "not specified": the last says nothing, yet a drop it is.
    if (reason < 2) return 0;

    struct drop *drop = bpf_ringbuf_reserve(&drops, sizeof *drop, 0);
    if (!drop) {
        u32 zero = 0;
        u64 *count = bpf_map_lookup_elem(&lost, &zero);
        if (count) __sync_fetch_and_add(count, 1);
        return 0;
    }
    __builtin_memset(drop, 0, sizeof *drop);
    drop->time_nanoseconds = bpf_ktime_get_ns();
    drop->address = arguments[1];
    drop->reason = reason;
    u64 address = arguments[1];
    struct symbol *symbol = bpf_map_lookup_elem(&symbols, &address);
    if (!symbol && name_symbol(address) == 0) symbol = bpf_map_lookup_elem(&symbols, &address);
    if (symbol) __builtin_memcpy(drop->location, symbol->text, sizeof drop->location);
    else bpf_snprintf(drop->location, sizeof drop->location, symbol_format, &address, sizeof address);

    struct net_device *device = 0;
    struct sock *socket = 0;
    struct net *net = 0;
    READ(device, skb->dev);
    READ(socket, skb->sk);
    if (device) {
        READ(drop->interface_index, device->ifindex);
        READ(drop->device, device->name);
        READ(net, device->nd_net.net);
    } else if (socket) {
        READ(net, socket->__sk_common.skc_net.net);
    }
    if (net) READ(drop->namespace_inode, net->ns.inum);
    READ(drop->mark, skb->mark);

    u16 protocol = 0, offset = 0;
    unsigned char *head = 0, *data = 0;
    u32 length = 0, paged = 0;
    READ(protocol, skb->protocol);
    READ(offset, skb->network_header);
    READ(head, skb->head);
    READ(data, skb->data);
    READ(length, skb->len);
    READ(paged, skb->data_len);
    drop->protocol = __builtin_bswap16(protocol);
    if (offset == 0xffff) return bpf_ringbuf_submit(drop, BPF_RB_NO_WAKEUP), 0;
    unsigned char *start = head + offset;
    s64 before = data - start;  // bytes between the network header and what the packet still holds
    if (before < -64 || before > 65535) before = 0;
    drop->length = length + (u32)before;
    s64 linear = (s64)length - paged + before;
    u32 count = linear < 0 ? 0 : linear > PACKET_BYTES ? PACKET_BYTES : (u32)linear;
    if (count > PACKET_BYTES) count = PACKET_BYTES;
    if (bpf_probe_read_kernel(drop->packet, count, start) == 0) drop->captured = count;
    bpf_ringbuf_submit(drop, BPF_RB_NO_WAKEUP);
    return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
