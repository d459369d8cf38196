#include "SightingProbe.h"
#include "Counts.h"
#include "DropNamespaces.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Newer than the libbpf and the kernel headers that this is built with (include/uapi/linux/bpf.h of Linux 6.6).
enum {
    PROGRAM_TYPE_SCHED_CLS = 3,
    PROGRAM_TYPE_NETFILTER = 32,
    ATTACH_NETFILTER = 45,
    ATTACH_TCX_INGRESS = 46,
    COMMAND_LINK_CREATE = 28,
    FLAG_BEFORE = 1 << 3,
};

struct link_request {
    uint32_t program;
    uint32_t target;
    uint32_t attach_type;
    uint32_t flags;
    union {
        struct {
            uint32_t family;
            uint32_t hook;
            int32_t priority;
            uint32_t flags;
        } netfilter;
        struct {
            uint32_t relative;
            uint32_t unused;
            uint64_t revision;
        } tcx;
    };
};

struct packetwalk_sighting_probe {
    struct bpf_object *object;
    struct bpf_link *consumed, *dropped, *going_out;
    struct ring_buffer *ring;
    int hooks[PACKETWALK_HOOK_POINTS];
    int ingress;
    int watched;
    int filter;
    struct counts lost;
    void (*take)(void *context, const void *record, size_t size);
    void *context;
    int limit;
};

static int silent(enum libbpf_print_level level, const char *format, va_list arguments) {
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

static int hand_over(void *context, void *record, size_t size) {
    struct packetwalk_sighting_probe *probe = context;
    probe->take(probe->context, record, size);
    return --probe->limit > 0 ? 0 : -ECANCELED;
}

static int create_link(struct link_request *request) {
    int descriptor = (int)syscall(SYS_bpf, COMMAND_LINK_CREATE, request, sizeof *request);
    return descriptor >= 0 ? descriptor : -errno;
}

static int map_descriptor(struct bpf_object *object, const char *name) {
    struct bpf_map *map = bpf_object__find_map_by_name(object, name);
    return map ? bpf_map__fd(map) : -1;
}

struct packetwalk_sighting_probe *packetwalk_sighting_probe_open(const void *object, size_t size,
                                                                 unsigned hook_points, int sees_devices,
                                                                 int reports_drops, unsigned ring_bytes, int *error) {
    libbpf_set_print(silent);
    struct packetwalk_sighting_probe *probe = calloc(1, sizeof *probe);
    if (!probe) {
        *error = -ENOMEM;
        return NULL;
    }
    int code = 0;
    char name[32];
    struct bpf_program *program, *consumed, *dropped, *spare, *ingress, *going_out;
    struct bpf_map *ring;
    probe->object = bpf_object__open_mem(object, size, NULL);
    if (!probe->object) goto failed;
    consumed = bpf_object__find_program_by_name(probe->object, "forget_consumed");
    dropped = bpf_object__find_program_by_name(probe->object, reports_drops ? "report_drop" : "forget_dropped");
    spare = bpf_object__find_program_by_name(probe->object, reports_drops ? "forget_dropped" : "report_drop");
    ingress = bpf_object__find_program_by_name(probe->object, "see_in");
    going_out = bpf_object__find_program_by_name(probe->object, "see_out");
    ring = bpf_object__find_map_by_name(probe->object, "sightings");
    if (!consumed || !dropped || !spare || !ingress || !going_out || !ring) {
        code = -ENOENT;
        goto failed;
    }
    if ((code = bpf_map__set_max_entries(ring, ring_bytes)) != 0) goto failed;
    bpf_program__set_type(ingress, (enum bpf_prog_type)PROGRAM_TYPE_SCHED_CLS);
    bpf_program__set_autoload(spare, 0);
    bpf_program__set_autoload(ingress, sees_devices);
    bpf_program__set_autoload(going_out, sees_devices);
    for (unsigned point = 0; point < PACKETWALK_HOOK_POINTS; point++) {
        snprintf(name, sizeof name, "see_hook_%u", point);
        program = bpf_object__find_program_by_name(probe->object, name);
        if (!program) {
            code = -ENOENT;
            goto failed;
        }
        bpf_program__set_type(program, (enum bpf_prog_type)PROGRAM_TYPE_NETFILTER);
        bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)ATTACH_NETFILTER);
        bpf_program__set_autoload(program, point < hook_points);
    }
    if ((code = bpf_object__load(probe->object)) != 0) goto failed;
    for (unsigned point = 0; point < PACKETWALK_HOOK_POINTS; point++) {
        snprintf(name, sizeof name, "see_hook_%u", point);
        probe->hooks[point] = bpf_program__fd(bpf_object__find_program_by_name(probe->object, name));
    }
    probe->ingress = bpf_program__fd(ingress);
    probe->watched = map_descriptor(probe->object, "watched");
    probe->filter = map_descriptor(probe->object, "filter");
    if (probe->watched < 0 || probe->filter < 0) {
        code = -ENOENT;
        goto failed;
    }
    if ((code = open_counts(&probe->lost, map_descriptor(probe->object, "lost"))) != 0) goto failed;
    probe->ring = ring_buffer__new(bpf_map__fd(ring), hand_over, probe, NULL);
    if (!probe->ring) goto failed;
    probe->consumed = bpf_program__attach(consumed);
    if (!probe->consumed) goto failed;
    probe->dropped = bpf_program__attach(dropped);
    if (!probe->dropped) goto failed;
    if (sees_devices) {
        probe->going_out = bpf_program__attach(going_out);
        if (!probe->going_out) goto failed;
    }
    return probe;
failed:
    *error = code != 0 ? code : errno != 0 ? -errno : -EINVAL;
    packetwalk_sighting_probe_close(probe);
    return NULL;
}

int packetwalk_sighting_probe_filter(const struct packetwalk_sighting_probe *probe, const void *filter) {
    uint32_t zero = 0;
    return bpf_map_update_elem(probe->filter, &zero, filter, 0) == 0 ? 0 : -errno;
}

int packetwalk_sighting_probe_attach_hook(const struct packetwalk_sighting_probe *probe, unsigned point,
                                          unsigned family, unsigned hook, int priority) {
    if (point >= PACKETWALK_HOOK_POINTS || probe->hooks[point] < 0) return -ENOENT;
    struct link_request request = {.program = (uint32_t)probe->hooks[point], .attach_type = ATTACH_NETFILTER};
    request.netfilter.family = family;
    request.netfilter.hook = hook;
    request.netfilter.priority = priority;
    return create_link(&request);
}

int packetwalk_sighting_probe_attach_ingress(const struct packetwalk_sighting_probe *probe, unsigned index) {
    struct link_request request = {
        .program = (uint32_t)probe->ingress,
        .target = index,
        .attach_type = ATTACH_TCX_INGRESS,
        .flags = FLAG_BEFORE,
    };
    return create_link(&request);
}

int packetwalk_sighting_probe_watch(const struct packetwalk_sighting_probe *probe, unsigned inode, unsigned index,
                                    int watches) {
    uint32_t key[2] = {inode, index};
    uint8_t value = 1;
    int code = watches ? bpf_map_update_elem(probe->watched, key, &value, 0) : bpf_map_delete_elem(probe->watched, key);
    return code == 0 ? 0 : -errno;
}

int packetwalk_sighting_probe_watch_drops(const struct packetwalk_sighting_probe *probe, uint32_t inode, int watches) {
    return change_namespaces(probe->object, inode, watches);
}

int packetwalk_sighting_probe_consume(struct packetwalk_sighting_probe *probe, int limit,
                                      void (*take)(void *context, const void *record, size_t size), void *context) {
    probe->take = take;
    probe->context = context;
    probe->limit = limit;
    ring_buffer__consume(probe->ring);
    return limit - probe->limit;
}

int packetwalk_sighting_probe_try(const struct packetwalk_sighting_probe *probe, const void *frame, size_t size) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)size);
    return bpf_prog_test_run_opts(probe->ingress, &options) == 0 ? 0 : -errno;
}

uint64_t packetwalk_sighting_probe_lost(const struct packetwalk_sighting_probe *probe) {
    return read_count(&probe->lost, 0);
}

uint64_t packetwalk_sighting_probe_lost_drops(const struct packetwalk_sighting_probe *probe) {
    return read_count(&probe->lost, 1);
}

void packetwalk_sighting_probe_close(struct packetwalk_sighting_probe *probe) {
    if (!probe) return;
    bpf_link__destroy(probe->going_out);
    bpf_link__destroy(probe->dropped);
    bpf_link__destroy(probe->consumed);
    close_counts(&probe->lost);
    ring_buffer__free(probe->ring);
    bpf_object__close(probe->object);
    free(probe);
}
