// What is reported of a packet that the kernel frees as dropped: why, where, on which device of which namespace, and its first
// bytes.
#pragma once
#include "sample.bpf.h"

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
    u8 kind;
    u8 unused[7];
    char location[48];      // symbol and offset
    u8 packet[PACKET_BYTES];
};
_Static_assert(sizeof(struct drop) == 112 + PACKET_BYTES, "DropRecord.swift reads the packet from there on");
_Static_assert(__builtin_offsetof(struct drop, kind) == KIND_OFFSET, "as of all records");

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

// Whose drops are told of, by the inode of their namespace: others' would fill the ring.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, u32);
    __type(value, u8);
} drop_namespaces SEC(".maps");

static __attribute__((noinline)) int name_symbol(u64 address) {
    struct symbol symbol = {};
    bpf_snprintf(symbol.text, sizeof symbol.text, symbol_format, &address, sizeof address);
    return bpf_map_update_elem(&symbols, &address, &symbol, 0);
}

#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), &(from))

// Where a packet was dropped. A queue of datagrams keeps something else where the device stood, so that what is read may be none.
struct drop_place {
    struct net_device *device;  // 0 where unknown
    u32 namespace_inode;        // 0 where unknown
};

inlined struct drop_place drop_place(struct sk_buff *skb) {
    struct drop_place place = {};
    struct sock *socket = 0;
    struct net *net = 0;
    READ(place.device, skb->dev);
    READ(socket, skb->sk);
    if (place.device) READ(net, place.device->nd_net.net);
    else if (socket) READ(net, socket->__sk_common.skc_net.net);
    if (net) READ(place.namespace_inode, net->ns.inum);
    return place;
}

inlined void copy_dropped(struct drop *drop, struct sk_buff *skb) {
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
    if (offset == 0xffff) return;
    unsigned char *start = head + offset;
    s64 before = data - start;  // bytes between the network header and what the packet still holds
    if (before < -64 || before > 65535) before = 0;
    drop->length = length + (u32)before;
    s64 linear = (s64)length - paged + before;
    u32 count = linear < 0 ? 0 : linear > PACKET_BYTES ? PACKET_BYTES : (u32)linear;
    if (count > PACKET_BYTES) count = PACKET_BYTES;
    if (bpf_probe_read_kernel(drop->packet, count, start) == 0) drop->captured = count;
}

// `arguments`: of the tracepoint skb:kfree_skb. A flood's replies are freed as dropped by each socket that does not await
// them: what nobody wants to see of IP is not told of.
inlined int is_drop(u64 *arguments) {
    // 0 to 2 are "not dropped yet", "consumed" and "not specified": the last says nothing, yet a drop it is.
    if ((u32)arguments[2] < 2) return 0;
    struct sk_buff *skb = (struct sk_buff *)arguments[0];
    u16 offset = skb->network_header, ether_type = __builtin_bswap16(skb->protocol);
    if (offset == 0xffff || (ether_type != ETH_P_IP && ether_type != ETH_P_IPV6)) return 1;
    return is_seen(ether_type, skb, skb->head + offset);
}

inlined void report(void *ring, u64 *arguments) {
    struct sk_buff *skb = (struct sk_buff *)arguments[0];
    struct drop_place place = drop_place(skb);
    if (place.namespace_inode && !bpf_map_lookup_elem(&drop_namespaces, &place.namespace_inode)) return;
    struct drop *drop = bpf_ringbuf_reserve(ring, sizeof *drop, 0);
    if (!drop) {
        count_lost(LOST_DROPS);
        return;
    }
    __builtin_memset(drop, 0, sizeof *drop);
    drop->time_nanoseconds = bpf_ktime_get_ns();
    drop->kind = DROPPED;
    drop->address = arguments[1];
    drop->reason = (u32)arguments[2];
    u64 address = arguments[1];
    struct symbol *symbol = bpf_map_lookup_elem(&symbols, &address);
    if (!symbol && name_symbol(address) == 0) symbol = bpf_map_lookup_elem(&symbols, &address);
    if (symbol) __builtin_memcpy(drop->location, symbol->text, sizeof drop->location);
    else bpf_snprintf(drop->location, sizeof drop->location, symbol_format, &address, sizeof address);
    READ(drop->mark, skb->mark);
    drop->namespace_inode = place.namespace_inode;
    if (place.device) {
        READ(drop->interface_index, place.device->ifindex);
        READ(drop->device, place.device->name);
    }
    copy_dropped(drop, skb);
    bpf_ringbuf_submit(drop, BPF_RB_NO_WAKEUP);
}
