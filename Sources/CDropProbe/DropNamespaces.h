#pragma once
// The table of the namespaces whose drops a BPF program tells of (`drop_namespaces` of drop.bpf.h).
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>

/// 0 or -errno: E2BIG where there are too many. One that is not there goes without an error.
static inline int change_namespaces(const struct bpf_object *object, uint32_t inode, int watches) {
    uint8_t value = 1;
    struct bpf_map *map = bpf_object__find_map_by_name(object, "drop_namespaces");
    if (!map) return -ENOENT;
    int descriptor = bpf_map__fd(map);
    int code = watches ? bpf_map_update_elem(descriptor, &inode, &value, 0) : bpf_map_delete_elem(descriptor, &inode);
    return code == 0 || (!watches && errno == ENOENT) ? 0 : -errno;
}
