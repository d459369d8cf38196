// Reports each packet that passes a netfilter hook or a device: when, where, its first bytes, and which packet of the
// kernel it is. Built by `make bpf`; the object beside this file is what ships. Why it is made as it is:
// docs/decisions/0010-bpf-probes.md.
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
#define inlined static inline __attribute__((always_inline))

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };
// The reader looks at the ring by the clock: waking it for each packet would cost more than all else here.
enum { BPF_RB_NO_WAKEUP = 1 };
enum { NF_ACCEPT = 1, TCX_NEXT = -1 };
enum { NFPROTO_IPV4 = 2 };
enum { NF_INET_LOCAL_OUT = 3 };
enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772 };
enum { ETH_P_IP = 0x0800, ETH_P_ARP = 0x0806, ETH_P_IPV6 = 0x86dd };
enum { ETH_P_PPP_SES = 0x8864, ETH_P_MPLS_UC = 0x8847, ETH_P_MPLS_MC = 0x8848 };

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static long (*bpf_skb_load_bytes)(const void *skb, u32 offset, void *to, u32 length) = (void *)26;
static long (*bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;

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
    u16 type;
    possible_net_t nd_net;
    const void *rtnl_link_ops;
} relocatable;
struct skb_ext {
    u8 offset[1];
} relocatable;
struct sk_buff {
    struct net_device *dev;
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
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *dynptr)
    __attribute__((section(".ksyms")));
static long (*bpf_dynptr_read)(void *to, u32 length, const struct bpf_dynptr *from, u32 offset, u64 flags) =
    (void *)201;

// Bytes of a packet that are kept: an Ethernet header and the 192 that hold what a label rests on (Wire/LabelHash.swift).
#define FEW_BYTES 112
#define MANY_BYTES 208

enum kind { AT_HOOK = 0, COMING_IN = 1, GOING_OUT = 2 };

// Read by SightingRecord.swift: the two must agree, byte for byte.
struct sighting {
    u64 time_nanoseconds;  // CLOCK_MONOTONIC, as it passed
    u64 packet;            // with `slot`: which packet of the kernel it is
    u32 namespace_inode;
    u32 place;             // of a device its index; of a hook: hook, family << 8, number of the point << 16
    u32 length;            // from the first of `bytes` to the packet's end
    u32 mark;
    u32 in_device;
    u32 out_device;
    u32 physical_in_device;
    u32 physical_out_device;
    u16 slot;
    u16 captured;          // bytes used of `bytes`
    u16 vlan_protocol;     // of a tag that the kernel keeps beside the packet; 0 for none
    u16 vlan_tag;
    u8 kind;
    u8 has_link_header;
    u8 unused[6];
    u8 bytes[MANY_BYTES];
};
#define HEAD_BYTES (sizeof(struct sighting) - MANY_BYTES)
_Static_assert(HEAD_BYTES == 64, "SightingRecord.swift reads the packet from there on");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 << 20);
} sightings SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} lost SEC(".maps");

// MARK: Which packets are wanted

// What is done with a packet of some protocol.
enum wish { UNWANTED = 0, WANTED = 1, WANTED_IN_TUNNEL = 2, WANTED_AS_ERROR = 3 };

// Written by KernelFilter.swift: the two must agree, byte for byte.
struct filter {
    u8 ipv4[256];           // by protocol
    u8 ipv6[256];           // by next header
    u8 ipv6_fragment[256];  // by the next header behind a fragment header
    u8 everything;          // nothing else counts
    u8 other;               // neither IP nor ARP
    u8 unused[2];
    u32 sample;             // packets whose number is below are seen; 0: all
    u8 tunnel_ports[8192];  // a bit for each UDP port, the lowest first: those of tunnels
};
_Static_assert(sizeof(struct filter) == 8968, "KernelFilter.swift writes so many bytes");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct filter);
} filter SEC(".maps");

// The first bytes of a packet from its network header on, read once: of an IPv4 header without options all that is
// looked at below, of an IPv6 header all but the end of what is hashed.
#define START_BYTES 60
struct start {
    union {
        u8 bytes[START_BYTES];
        u32 words[START_BYTES / 4];
    };
    u32 count;
};

inlined int are_of_tunnel(const struct filter *wanted, u16 source, u16 destination) {
    return (wanted->tunnel_ports[source >> 3] >> (source & 7) | wanted->tunnel_ports[destination >> 3] >> (destination & 7)) &
           1;
}

inlined int is_tunnel(const struct filter *wanted, const unsigned char *transport) {
    u16 ports[2];
    if (bpf_probe_read_kernel(ports, sizeof ports, transport) != 0) return 1;
    return are_of_tunnel(wanted, __builtin_bswap16(ports[0]), __builtin_bswap16(ports[1]));
}

// `available`: bytes from `network` on that lie together. What can't be read is wanted.
inlined int is_wanted(
    const struct filter *wanted, u16 ether_type, const unsigned char *network, const struct start *start, s64 available) {
    if (wanted->everything) return 1;
    const u8 *header = start->bytes;
    u8 wish;
    const unsigned char *transport;
    switch (ether_type) {
    case ETH_P_IP:
        if (available < 28 || start->count < 20) return 1;
        wish = wanted->ipv4[header[9]];
        if (wish <= WANTED) return wish;
        // A later fragment shows no ports and no type.
        if ((header[6] & 0x1f) | header[7]) return 0;
        transport = network + (header[0] & 15) * 4;
        break;
    case ETH_P_IPV6:
        if (available < 48 || start->count < 20) return 1;
        wish = wanted->ipv6[header[6]];
        if (header[6] == 44) {
            u8 next;
            if (bpf_probe_read_kernel(&next, 1, network + 40) != 0) return 1;
            return wanted->ipv6_fragment[next] == WANTED;
        }
        if (wish <= WANTED) return wish;
        transport = network + 40;
        break;
    case ETH_P_ARP:
    case ETH_P_PPP_SES:
    case ETH_P_MPLS_UC:
    case ETH_P_MPLS_MC:
        return 1;
    default:
        return wanted->other;
    }
    if (wish == WANTED_IN_TUNNEL) return is_tunnel(wanted, transport);
    u8 type;
    return bpf_probe_read_kernel(&type, 1, transport) != 0 || (type != 0 && type != 8);
}

// MARK: Which of them are in the sample

enum { IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_ICMPV6 = 58 };
enum { TCP_SYN = 2, TCP_ACK = 16 };
// What of a payload counts, and 64 KiB blocks of a TCP stream that one packet lies in.
#define SAMPLED_BYTES 32
#define BLOCK_LIMIT 16

// What follows is Wire/SampleNumber.swift in C: the two must agree, bit for bit.
inlined u32 number_of_block(u16 block) {
    u16 spread = block ^ 0x5aa5;
    spread *= 0x9e37;
    spread ^= spread >> 7;
    spread *= 0x85eb;
    spread ^= spread >> 9;
    return (u32)spread << 16;
}

inlined u32 number_of_stream(u32 start, u32 length) {
    u16 block = start >> 16, last = (start + (length ? length : 1) - 1) >> 16;
    u32 lowest = 0xffffffff;
    for (int count = 0; count < BLOCK_LIMIT; count++) {
        u32 number = number_of_block(block);
        if (number < lowest) lowest = number;
        if (block == last) break;
        block++;
    }
    return lowest;
}

// Jenkins' hash of 36 bytes (include/linux/jhash.h): the identification, two zeros, and `words`, 32 bytes.
#define ROTATED(word, count) ((word) << (count) | (word) >> (32 - (count)))
#define MIX(one, two, three, count) one = (one - two) ^ ROTATED(two, count), two += three
#define FINISH(one, two, count) one = (one ^ two) - ROTATED(two, count)

inlined u32 hash_of(const u32 *words, u8 protocol, u16 identification) {
    u32 a = 0xdeadbeef + 36 + protocol, b = a, c = a;
    union {
        u8 bytes[4];
        u32 word;
    } first = {.bytes = {identification >> 8, identification & 255}};
    a += first.word, b += words[0], c += words[1];
    for (int round = 0;; round++) {
        MIX(a, c, b, 4), MIX(b, a, c, 6), MIX(c, b, a, 8), MIX(a, c, b, 16), MIX(b, a, c, 19), MIX(c, b, a, 4);
        a += words[2 + 3 * round], b += words[3 + 3 * round], c += words[4 + 3 * round];
        if (round == 1) break;
    }
    FINISH(c, b, 14), FINISH(a, c, 11), FINISH(b, a, 25), FINISH(c, b, 16), FINISH(a, c, 4), FINISH(b, a, 14);
    FINISH(c, b, 24);
    return c;
}

inlined u32 big_endian(const u8 *bytes) {
    return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
}

// Where an IP packet's payload is, and what the number depends on.
struct payload {
    const unsigned char *start;
    s64 available;  // bytes of it that lie together
    s64 length;
    u8 protocol;
    u16 identification;
};

// Whether a number from the first bytes of a payload, `skipped` bytes from its start, is below the threshold.
inlined int is_hash_below(u32 threshold, const struct payload *payload, u32 skipped, u8 protocol, u16 identification) {
    u32 words[SAMPLED_BYTES / 4] = {};
    s64 length = payload->length - skipped;
    if (length < 0) return 1;
    if (length > SAMPLED_BYTES) length = SAMPLED_BYTES;
    if (payload->available - skipped < length) return 1;
    u32 count = length;
    if (count > SAMPLED_BYTES) return 1;
    if (bpf_probe_read_kernel(words, count, payload->start + skipped) != 0) return 1;
    return hash_of(words, protocol, identification) < threshold;
}

inlined int is_tcp_sampled(u32 threshold, const struct payload *payload) {
    u8 header[20];
    if (payload->available < 20 || payload->length < 20) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    u32 header_length = (header[12] >> 4) * 4;
    if (header_length < 20 || payload->length < header_length) return 1;
    u32 length = payload->length - header_length;
    if (length == 0 && header[13] & TCP_ACK) return number_of_block((big_endian(header + 8) - 1) >> 16) < threshold;
    return number_of_stream(big_endian(header + 4), length + (header[13] & TCP_SYN ? 1 : 0)) < threshold;
}

inlined int is_udp_sampled(u32 threshold, const struct filter *wanted, struct payload *payload) {
    u8 header[8];
    if (payload->available < 8 || payload->length < 8) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    // What a tunnel carries counts, which is not looked for here.
    if (is_tunnel(wanted, payload->start)) return 1;
    u32 length = (u32)header[4] << 8 | header[5];
    if (length != 0 && length < 8) return 1;
    if (length != 0 && length < payload->length) payload->length = length;
    return is_hash_below(threshold, payload, 8, IPPROTO_UDP, payload->identification);
}

inlined int is_echo_sampled(u32 threshold, const struct payload *payload, int is_ipv6) {
    u8 header[8];
    if (payload->available < 8 || payload->length < 8) return 1;
    if (bpf_probe_read_kernel(header, sizeof header, payload->start) != 0) return 1;
    if (is_ipv6 ? header[0] != 128 && header[0] != 129 : header[0] != 0 && header[0] != 8) return 1;
    return is_hash_below(threshold, payload, 8, IPPROTO_ICMP, (u16)header[6] << 8 | header[7]);
}

enum { UNDECIDED = -1 };

// The same for most packets of IPv4, by the bytes that were read already: an IP header of 20 bytes, and all that counts
// behind it.
//
// `length`: of the IP packet.
inlined int is_plain_sampled(u32 threshold, const struct filter *wanted, const struct start *start, u32 length) {
    const u8 *bytes = start->bytes;
    if (start->count < START_BYTES || length < START_BYTES) return UNDECIDED;
    if (bytes[9] == IPPROTO_TCP) {
        u32 header_length = (bytes[32] >> 4) * 4;
        if (header_length < 20 || length < 20 + header_length) return 1;
        u32 data = length - 20 - header_length;
        if (data == 0 && bytes[33] & TCP_ACK) return number_of_block((big_endian(bytes + 28) - 1) >> 16) < threshold;
        return number_of_stream(big_endian(bytes + 24), data + (bytes[33] & TCP_SYN ? 1 : 0)) < threshold;
    }
    if (bytes[9] == IPPROTO_UDP) {
        u32 datagram = (u32)bytes[24] << 8 | bytes[25];
        if (datagram < 8 + SAMPLED_BYTES) return UNDECIDED;
        if (are_of_tunnel(wanted, (u16)bytes[20] << 8 | bytes[21], (u16)bytes[22] << 8 | bytes[23])) return 1;
        return hash_of(&start->words[7], IPPROTO_UDP, (u16)bytes[4] << 8 | bytes[5]) < threshold;
    }
    if (bytes[9] == IPPROTO_ICMP) {
        if (bytes[20] != 0 && bytes[20] != 8) return 1;
        return hash_of(&start->words[7], IPPROTO_ICMP, (u16)bytes[26] << 8 | bytes[27]) < threshold;
    }
    return UNDECIDED;
}

// Whether the reader is to see a packet. It decides itself about those whose number is not worked out here: fragments,
// tunnels, errors, packets with extension headers.
//
// `whole`: bytes from `network` to the packet's end.
inlined int is_sampled(
    const struct filter *wanted, u16 ether_type, const unsigned char *network, const struct start *start, s64 available,
    u32 whole) {
    u32 threshold = wanted->sample;
    if (threshold == 0) return 1;
    struct payload payload = {};
    const u8 *header = start->bytes;
    u32 header_length, length;
    int is_ipv6 = ether_type == ETH_P_IPV6;
    if (start->count < 20) return 1;
    if (ether_type == ETH_P_IP) {
        if ((header[6] & 0x3f) | header[7]) return 1;
        header_length = (header[0] & 15) * 4;
        if (header_length < 20) return 1;
        length = (u32)header[2] << 8 | header[3];
        payload.protocol = header[9];
        payload.identification = (u16)header[4] << 8 | header[5];
        // Longer than the field can say.
        if (length == 0) length = whole;
        if (header_length == 20) {
            int decision = is_plain_sampled(threshold, wanted, start, length);
            if (decision != UNDECIDED) return decision;
        }
    } else if (is_ipv6) {
        header_length = 40;
        length = (u32)header[4] << 8 | header[5];
        payload.protocol = header[6];
        length = length == 0 ? whole : length + header_length;
    } else {
        return 1;
    }
    payload.start = network + header_length;
    payload.available = available - header_length;
    payload.length = (s64)length - header_length;
    switch (payload.protocol) {
    case IPPROTO_TCP: return is_tcp_sampled(threshold, &payload);
    case IPPROTO_UDP: return is_udp_sampled(threshold, wanted, &payload);
    case IPPROTO_ICMP: return is_ipv6 || is_echo_sampled(threshold, &payload, 0);
    case IPPROTO_ICMPV6: return !is_ipv6 || is_echo_sampled(threshold, &payload, 1);
    default: return 1;
    }
}

inlined int is_seen(u16 ether_type, struct sk_buff *skb, const unsigned char *network) {
    u32 zero = 0;
    const struct filter *wanted = bpf_map_lookup_elem(&filter, &zero);
    if (!wanted) return 1;
    s64 before = skb->data - network;
    s64 available = (s64)skb->len - skb->data_len + before;
    if (wanted->everything && wanted->sample == 0) return 1;
    struct start start = {};
    if (available >= START_BYTES) {
        if (bpf_probe_read_kernel(start.bytes, START_BYTES, network) == 0) start.count = START_BYTES;
    } else if (available >= 20) {
        if (bpf_probe_read_kernel(start.bytes, 20, network) == 0) start.count = 20;
    }
    return is_wanted(wanted, ether_type, network, &start, available) &&
           is_sampled(wanted, ether_type, network, &start, available, skb->len + (u32)before);
}

// MARK: Which packet it is

// The address of a struct sk_buff names a packet until it is freed. A slot holds the packet whose address leads to it:
// a part of the address, so that the two tell the whole; where it was seen first; and when. Freeing a packet empties its
// slot. Where the kernel frees without saying so (what sockets received, mostly), another packet with the address is known
// by being where every packet is new, or where the first one was seen first. A packet that drives another one out of its
// slot costs that one its identity, no more.
#define SLOT_BITS 16
#define TAG_BITS 29
#define PLACE_BITS 13
#define TIME_BITS 22

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1 << SLOT_BITS);
    __type(key, u32);
    __type(value, u64);
} packets SEC(".maps");

// What addresses are counted from: no address of the kernel is told.
u64 origin;

// The distance from `origin`, stirred: 45 bits of it, every other bit of which depends on all.
inlined u64 stirred(const void *skb) {
    u64 distance = (const char *)skb - (const char *)&origin;
    return ((distance >> 3) * 0x2545f4914f6cdd1dULL) & ((1ULL << (SLOT_BITS + TAG_BITS)) - 1);
}

inlined void identify(struct sighting *sighting, const void *skb, int is_new) {
    u64 address = stirred(skb);
    u32 slot = address >> TAG_BITS;
    u64 tag = address & ((1 << TAG_BITS) - 1);
    sighting->slot = slot;
    sighting->packet = 0;
    u64 *known = bpf_map_lookup_elem(&packets, &slot);
    if (!known) return;
    u32 place = sighting->place * 0x9e3779b1u ^ sighting->namespace_inode * 0x85ebca6bu ^ sighting->kind * 0xc2b2ae35u;
    u64 born = (place * 0x9e3779b1u) >> (32 - PLACE_BITS);
    u64 value = *known;
    if (is_new || value >> (64 - TAG_BITS) != tag || ((value >> TIME_BITS) & ((1 << PLACE_BITS) - 1)) == born) {
        value = tag << (64 - TAG_BITS) | born << TIME_BITS |
                ((sighting->time_nanoseconds >> 8) & ((1 << TIME_BITS) - 1));
        *known = value;
    }
    sighting->packet = value;
}

inlined int forget(const void *skb) {
    u64 address = stirred(skb);
    u32 slot = address >> TAG_BITS;
    u64 *known = bpf_map_lookup_elem(&packets, &slot);
    if (known && *known >> (64 - TAG_BITS) == (address & ((1 << TAG_BITS) - 1))) *known = 0;
    return 0;
}

SEC("tp_btf/consume_skb")
int forget_consumed(u64 *arguments) {
    return forget((void *)arguments[0]);
}

SEC("tp_btf/kfree_skb")
int forget_dropped(u64 *arguments) {
    return forget((void *)arguments[0]);
}

// MARK: Reporting

// What differs between hooks and devices.
struct view {
    enum kind kind;
    u32 place;
    u32 namespace_inode;
    const unsigned char *start;  // what is kept begins here
    void *context;               // of a classifier, which reads pages by it
    u8 has_link_header;
    u8 is_new;                   // no packet comes here that was anywhere before
};

// Copies the first bytes of a packet, at most `limit`, a number that the compiler knows.
inlined void copy(struct sighting *sighting, struct sk_buff *skb, const struct view *view, u32 limit) {
    s64 before = skb->data - view->start;
    s64 together = (s64)skb->len - skb->data_len + before;
    u32 count = sighting->length;
    sighting->captured = 0;
    if (count == 0) return;
    if (count > limit) count = limit;
    if ((s64)count <= together) {
        if (bpf_probe_read_kernel(sighting->bytes, count, view->start) == 0) sighting->captured = count;
    } else if (view->kind == COMING_IN) {
        if (bpf_skb_load_bytes(view->context, -before, sighting->bytes, count) == 0) sighting->captured = count;
    } else {
        struct bpf_dynptr dynptr;
        if (bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &dynptr) == 0 &&
            bpf_dynptr_read(sighting->bytes, count, &dynptr, -before, 0) == 0)
            sighting->captured = count;
    }
}

inlined void describe(struct sighting *sighting, struct sk_buff *skb, const struct view *view, u32 length) {
    sighting->time_nanoseconds = bpf_ktime_get_ns();
    sighting->namespace_inode = view->namespace_inode;
    sighting->place = view->place;
    sighting->length = length;
    sighting->mark = skb->mark;
    sighting->in_device = 0;
    sighting->out_device = 0;
    sighting->physical_in_device = 0;
    sighting->physical_out_device = 0;
    sighting->vlan_protocol = 0;
    sighting->vlan_tag = 0;
    sighting->kind = view->kind;
    sighting->has_link_header = view->has_link_header;
    identify(sighting, skb, view->is_new);
}

// A record with all but what is known of one kind of place alone; 0 where the ring is full, which is counted.
inlined struct sighting *begin(struct sk_buff *skb, const struct view *view) {
    u32 length = skb->len + (u32)(skb->data - view->start);
    struct sighting *sighting;
    if (length <= FEW_BYTES) {
        sighting = bpf_ringbuf_reserve(&sightings, HEAD_BYTES + FEW_BYTES, 0);
        if (sighting) {
            describe(sighting, skb, view, length);
            copy(sighting, skb, view, FEW_BYTES);
            return sighting;
        }
    } else {
        sighting = bpf_ringbuf_reserve(&sightings, HEAD_BYTES + MANY_BYTES, 0);
        if (sighting) {
            describe(sighting, skb, view, length);
            copy(sighting, skb, view, MANY_BYTES);
            return sighting;
        }
    }
    u32 zero = 0;
    u64 *count = bpf_map_lookup_elem(&lost, &zero);
    if (count) __sync_fetch_and_add(count, 1);
    return 0;
}

// MARK: Hooks

#define EXISTS(field) __builtin_preserve_field_info(field, 2)

// The bridge's ports, where br_netfilter called the hook.
inlined void name_ports(struct sighting *sighting, struct sk_buff *skb) {
    u8 extensions = skb->active_extensions;
    if (!__builtin_preserve_enum_value(*(enum skb_ext_id *)SKB_EXT_BRIDGE_NF, 0)) return;
    u32 number = __builtin_preserve_enum_value(*(enum skb_ext_id *)SKB_EXT_BRIDGE_NF, 1);
    if (!(extensions >> (number & 7) & 1)) return;
    struct skb_ext *all = 0;
    u8 offset = 0;
    bpf_probe_read_kernel(&all, sizeof all, &skb->extensions);
    bpf_probe_read_kernel(&offset, sizeof offset, (u8 *)&all->offset + (number & 7));
    struct nf_bridge_info *ports = (void *)all + ((u32)offset << 3);
    struct net_device *device = 0;
    if (EXISTS(ports->physinif)) {
        bpf_probe_read_kernel(&sighting->physical_in_device, sizeof(u32), &ports->physinif);
    } else {
        struct nf_bridge_info___before *before = (void *)ports;
        bpf_probe_read_kernel(&device, sizeof device, &before->physindev);
        if (device) bpf_probe_read_kernel(&sighting->physical_in_device, sizeof(u32), &device->ifindex);
    }
    device = 0;
    bpf_probe_read_kernel(&device, sizeof device, &ports->physoutdev);
    if (device) bpf_probe_read_kernel(&sighting->physical_out_device, sizeof(u32), &device->ifindex);
}

// One function, which the programs below call: the object holds it once.
static __attribute__((noinline)) int see_hook(struct bpf_nf_ctx *context, u32 point) {
    struct sk_buff *skb = context->skb;
    const struct nf_hook_state *state = context->state;
    const unsigned char *network = skb->head + skb->network_header;
    int is_ipv4 = state->pf == NFPROTO_IPV4;
    if (!is_seen(is_ipv4 ? ETH_P_IP : ETH_P_IPV6, skb, network)) return NF_ACCEPT;
    struct view view = {
        .kind = AT_HOOK,
        .place = state->hook | (u32)state->pf << 8 | point << 16,
        .namespace_inode = state->net->ns.inum,
        .start = network,
        // But for what a tunnel has wrapped.
        .is_new = state->hook == NF_INET_LOCAL_OUT && point == 0,
    };
    struct sighting *sighting = begin(skb, &view);
    if (!sighting) return NF_ACCEPT;
    struct net_device *in = state->in, *out = state->out;
    if (in) sighting->in_device = in->ifindex;
    if (out) sighting->out_device = out->ifindex;
    name_ports(sighting, skb);
    bpf_ringbuf_submit(sighting, BPF_RB_NO_WAKEUP);
    return NF_ACCEPT;
}

// A program is not told at which priority it was called: so there is one for each point of a hook.
#define HOOK(number) \
    SEC("hook") int see_hook_##number(struct bpf_nf_ctx *context) { return see_hook(context, number); }
HOOK(0)
HOOK(1)
HOOK(2)
HOOK(3)
HOOK(4)
HOOK(5)
HOOK(6)
HOOK(7)

// MARK: Devices

inlined void see_device(struct sk_buff *skb, struct net_device *device, enum kind kind, void *context) {
    u16 type = device->type;
    struct view view = {
        .kind = kind,
        .place = device->ifindex,
        .namespace_inode = device->nd_net.net->ns.inum,
        .context = context,
        .has_link_header = type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK,
        // Hardware, not the far end of a cable within the machine.
        .is_new = kind == COMING_IN && type != ARPHRD_LOOPBACK && !device->rtnl_link_ops,
    };
    const unsigned char *network = skb->head + skb->network_header;
    if (!is_seen(__builtin_bswap16(skb->protocol), skb, network)) return;
    view.start = !view.has_link_header ? network : kind == COMING_IN ? skb->head + skb->mac_header : skb->data;
    struct sighting *sighting = begin(skb, &view);
    if (!sighting) return;
    if (skb->vlan_all) {
        sighting->vlan_protocol = __builtin_bswap16(skb->vlan_proto);
        sighting->vlan_tag = skb->vlan_tci;
    }
    bpf_ringbuf_submit(sighting, BPF_RB_NO_WAKEUP);
}

// As tcx, on each watched device: first of all that is attached there, where a packet socket sees the packet too.
SEC("ingress")
int see_in(void *context) {
    struct sk_buff *skb = bpf_cast_to_kern_ctx(context);
    see_device(skb, skb->dev, COMING_IN, context);
    return TCX_NEXT;
}

struct device {
    u32 namespace_inode;
    u32 index;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, struct device);
    __type(value, u8);
} watched SEC(".maps");

// Behind the queue and segmentation, where a packet socket sees the packet too; tcx stands before both.
SEC("tp_btf/net_dev_start_xmit")
int see_out(u64 *arguments) {
    struct sk_buff *skb = (struct sk_buff *)arguments[0];
    struct net_device *device = (struct net_device *)arguments[1];
    struct device key = {.namespace_inode = device->nd_net.net->ns.inum, .index = device->ifindex};
    if (!bpf_map_lookup_elem(&watched, &key)) return 0;
    see_device(skb, device, GOING_OUT, 0);
    return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
