// What is reported of a packet at a hook or a device.
#pragma once
#include "kernel.bpf.h"

// Bytes of a packet that are kept: an Ethernet header and the 192 that hold what a label rests on (Wire/LabelHash.swift).
#define FEW_BYTES 112
#define MANY_BYTES 208

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
_Static_assert(__builtin_offsetof(struct sighting, kind) == KIND_OFFSET, "as of all records");
