#pragma once
// libbpf behind a narrow door: its own headers clash with libpcap's (both define bpf_insn), so none stands here.
#include <stddef.h>
#include <stdint.h>

#include "SightingProbe.h"

struct packetwalk_drop_probe;

/// Loads and attaches the program in `object` (an ELF file in memory). NULL and -errno in `*error` on failure.
struct packetwalk_drop_probe *packetwalk_drop_probe_open(const void *object, size_t size, int *error);
/// Sets which packets' drops are told of: `struct filter` of filter.bpf.h. None of IP is before. 0 or -errno.
int packetwalk_drop_probe_filter(const struct packetwalk_drop_probe *probe, const void *filter);
/// Tells of drops in the namespace of that inode, or no more: of none before. 0 or -errno.
int packetwalk_drop_probe_watch(const struct packetwalk_drop_probe *probe, uint32_t inode, int watches);
/// Hands each waiting record (`struct drop` of drop.bpf.h) to `take`. Their number, or -errno.
int packetwalk_drop_probe_consume(struct packetwalk_drop_probe *probe,
                                  void (*take)(void *context, const void *record, size_t size), void *context);
/// Records that found the ring full, since the probe was opened. Takes no system call.
uint64_t packetwalk_drop_probe_lost(const struct packetwalk_drop_probe *probe);
void packetwalk_drop_probe_close(struct packetwalk_drop_probe *probe);

/// Gives each member of the running kernel's `enum skb_drop_reason` to `take`. Their number, or -errno.
int packetwalk_drop_reasons(void (*take)(void *context, uint32_t value, const char *name), void *context);
