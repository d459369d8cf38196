// Which packets are wanted: the user's filter, as far as the kernel decides it.
#pragma once
#include "kernel.bpf.h"

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

inlined int are_of_tunnel(const struct filter *wanted, u16 source, u16 destination) {
    return (wanted->tunnel_ports[source >> 3] >> (source & 7) | wanted->tunnel_ports[destination >> 3] >> (destination & 7)) &
           1;
}

inlined int is_tunnel(const struct filter *wanted, const unsigned char *transport) {
    return are_of_tunnel(wanted, half_at(transport), half_at(transport + 2));
}

// `available`: bytes from `network` on that lie together. What is not among them is wanted.
inlined int is_wanted(const struct filter *wanted, u16 ether_type, const unsigned char *network, s64 available) {
    if (wanted->everything) return 1;
    u8 wish;
    const unsigned char *transport;
    switch (ether_type) {
    case ETH_P_IP:
        if (available < 28) return 1;
        wish = wanted->ipv4[byte_at(network + 9)];
        if (wish <= WANTED) return wish;
        // A later fragment shows no ports and no type.
        if (half_at(network + 6) & 0x1fff) return 0;
        transport = network + (byte_at(network) & 15) * 4;
        break;
    case ETH_P_IPV6:
        if (available < 48) return 1;
        u8 next = byte_at(network + 6);
        if (next == 44) return wanted->ipv6_fragment[byte_at(network + 40)] == WANTED;
        wish = wanted->ipv6[next];
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
    u8 type = byte_at(transport);
    return type != 0 && type != 8;
}
