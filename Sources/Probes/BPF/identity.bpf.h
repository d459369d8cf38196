// Which packet of the kernel it is.
#pragma once
#include "sighting.bpf.h"

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
