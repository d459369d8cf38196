#pragma once
// The BPF programs of Probes/Sightings behind a narrow door, as CDropProbe.h for that of Probes/Drops.
#include <stddef.h>
#include <stdint.h>

enum {
    /// How many points one hook can have.
    PACKETWALK_HOOK_POINTS = 8,
};

struct packetwalk_sighting_probe;

/// Loads the programs in `object` (an ELF file in memory). Nothing is seen before something is attached. NULL and -errno in
/// `*error` on failure: EINVAL where the kernel does not know what they need (hooks: Linux 6.4; devices: 6.12).
///
/// - `hook_points`: the points that a hook can have, each with a program of its own; 0 for none.
/// - `sees_devices`: 1 where devices are to be seen, else 0.
/// - `reports_drops`: 1 where dropped packets are to be told of in the same ring (`struct drop` of drop.bpf.h), else 0.
/// - `ring_bytes`: room for records that wait to be read; a power of two and a multiple of the page size.
struct packetwalk_sighting_probe *packetwalk_sighting_probe_open(const void *object, size_t size,
                                                                 unsigned hook_points, int sees_devices,
                                                                 int reports_drops, unsigned ring_bytes, int *error);
/// Sets which packets are wanted: `struct filter` of sighting.bpf.c. None is before. 0 or -errno.
int packetwalk_sighting_probe_filter(const struct packetwalk_sighting_probe *probe, const void *filter);
/// Attaches the program of the point numbered `point` at a hook (NF_INET_…) of a family (NFPROTO_IPV4 or NFPROTO_IPV6) in
/// the calling thread's network namespace. Gives a descriptor, with which it goes; -EBUSY where something stands at that
/// priority, -ENOENT for a point that is not loaded.
int packetwalk_sighting_probe_attach_hook(const struct packetwalk_sighting_probe *probe, unsigned point,
                                          unsigned family, unsigned hook, int priority);
/// Sees what comes in by the device of that index in the calling thread's network namespace. Gives a descriptor, with which
/// it goes, or -errno.
int packetwalk_sighting_probe_attach_ingress(const struct packetwalk_sighting_probe *probe, unsigned index);
/// Sees what goes out by a device, or no more. 0 or -errno.
int packetwalk_sighting_probe_watch(const struct packetwalk_sighting_probe *probe, unsigned inode, unsigned index,
                                    int watches);
/// Tells of drops in the namespace of that inode, or no more: of none before. 0 or -errno.
int packetwalk_sighting_probe_watch_drops(const struct packetwalk_sighting_probe *probe, uint32_t inode, int watches);
/// Hands at most `limit` waiting records (`struct sighting` of sighting.bpf.c) to `take`. Gives their number.
int packetwalk_sighting_probe_consume(struct packetwalk_sighting_probe *probe, int limit,
                                      void (*take)(void *context, const void *record, size_t size), void *context);
/// Shows the program of what comes in by a device a frame (at least 14 bytes), as if it came in by the loopback device of the calling
/// thread's network namespace. 0 or -errno. For tests.
int packetwalk_sighting_probe_try(const struct packetwalk_sighting_probe *probe, const void *frame, size_t size);
/// Sightings that found the ring full, since the probe was opened. Takes no system call.
uint64_t packetwalk_sighting_probe_lost(const struct packetwalk_sighting_probe *probe);
/// The same of drops.
uint64_t packetwalk_sighting_probe_lost_drops(const struct packetwalk_sighting_probe *probe);
void packetwalk_sighting_probe_close(struct packetwalk_sighting_probe *probe);
