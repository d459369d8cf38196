// What the BPF programs of the probes have in common: types, helpers, and the kernel's structures.
//
// These are declared with the members that are read, no more: CO-RE finds their true offsets in the running kernel's own
// type information when a program is loaded.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define relocatable __attribute__((preserve_access_index))
#define inlined static inline __attribute__((always_inline))

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };
// The reader may map an array into its memory.
enum { BPF_F_MMAPABLE = 1 << 10 };
// The reader looks at the ring by the clock: waking it for each packet would cost more than all else here.
enum { BPF_RB_NO_WAKEUP = 1 };
enum { NF_ACCEPT = 1, TCX_NEXT = -1 };
enum { NFPROTO_IPV4 = 2 };
enum { NF_INET_LOCAL_OUT = 3 };
enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772 };
enum { ETH_P_IP = 0x0800, ETH_P_ARP = 0x0806, ETH_P_IPV6 = 0x86dd };
enum { ETH_P_PPP_SES = 0x8864, ETH_P_MPLS_UC = 0x8847, ETH_P_MPLS_MC = 0x8848 };

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static long (*bpf_skb_load_bytes)(const void *skb, u32 offset, void *to, u32 length) = (void *)26;
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
    u16 type;
    possible_net_t nd_net;
    const void *rtnl_link_ops;
} relocatable;
struct sock_common {
    possible_net_t skc_net;
} relocatable;
struct sock {
    struct sock_common __sk_common;
} relocatable;
struct skb_ext {
    u8 offset[1];
} relocatable;
struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    u32 len;
    u32 data_len;
    u32 mark;
    u16 protocol;
    u16 network_header;
    u16 mac_header;
    u16 vlan_proto;
    u16 vlan_tci;
    u32 vlan_all;
    unsigned char *head;
    unsigned char *data;
    u8 active_extensions;
    struct skb_ext *extensions;
} relocatable;
struct nf_hook_state {
    u8 hook;
    u8 pf;
    struct net_device *in;
    struct net_device *out;
    struct net *net;
} relocatable;
struct bpf_nf_ctx {
    const struct nf_hook_state *state;
    struct sk_buff *skb;
} relocatable;
// Of br_netfilter. The port by which a packet came in is a device up to Linux 6.7, an index from then on.
struct nf_bridge_info {
    int physinif;
    struct net_device *physoutdev;
} relocatable;
struct nf_bridge_info___before {
    struct net_device *physindev;
} relocatable;
enum skb_ext_id { SKB_EXT_BRIDGE_NF };

struct bpf_dynptr {
    u64 opaque[2];
} __attribute__((aligned(8)));
struct __sk_buff {
    u32 len;
};
extern void *bpf_cast_to_kern_ctx(void *context) __attribute__((section(".ksyms")));
extern void *bpf_rdonly_cast(const void *address, u32 type) __attribute__((section(".ksyms")));
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *dynptr)
    __attribute__((section(".ksyms")));
static long (*bpf_dynptr_read)(void *to, u32 length, const struct bpf_dynptr *from, u32 offset, u64 flags) =
    (void *)201;

// A type of every kernel, of 16 bytes, as which a packet's bytes are looked at where they lie.
struct in6_addr {
    union {
        u8 bytes[16];
        u16 halves[8];
        u32 words[4];
    };
};
#ifndef BEFORE_LINUX_6_2
// The loads are the program's own, and give 0 where nothing can be read; a helper that copies the bytes is a call more.
#define LOOK(address) ((const struct in6_addr *)bpf_rdonly_cast(address, __builtin_btf_type_id(*(struct in6_addr *)0, 1)))
#else
inlined struct in6_addr copy_of_16_bytes(const void *address) {
    struct in6_addr copy = {};
    bpf_probe_read_kernel(&copy, sizeof copy, address);
    return copy;
}
#define LOOK(address) ((const struct in6_addr[]){copy_of_16_bytes(address)})
#endif

inlined u8 byte_at(const unsigned char *address) { return LOOK(address)->bytes[0]; }
inlined u16 half_at(const unsigned char *address) { return __builtin_bswap16(LOOK(address)->halves[0]); }
inlined u32 word_at(const unsigned char *address) { return __builtin_bswap32(LOOK(address)->words[0]); }

// What all records that the programs write have in common.

// Of what a record tells; in all of them at the same place.
enum kind { AT_HOOK = 0, COMING_IN = 1, GOING_OUT = 2, DROPPED = 3 };
#define KIND_OFFSET 56

// Records that found the ring full: sightings, drops.
enum { LOST_SIGHTINGS = 0, LOST_DROPS = 1 };
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, u32);
    __type(value, u64);
} lost SEC(".maps");

inlined void count_lost(u32 which) {
    u64 *count = bpf_map_lookup_elem(&lost, &which);
    if (count) __sync_fetch_and_add(count, 1);
}
