#include "CDropProbe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "Counts.h"
#include "DropNamespaces.h"

struct packetwalk_drop_probe {
    struct bpf_object *object;
    struct bpf_link *link;
    struct ring_buffer *ring;
    struct counts lost;
    void (*take)(void *context, const void *record, size_t size);
    void *context;
};

static int silent(enum libbpf_print_level level, const char *format, va_list arguments) {
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

static int hand_over(void *context, void *record, size_t size) {
    struct packetwalk_drop_probe *probe = context;
    if (probe->take) probe->take(probe->context, record, size);
    return 0;
}

struct packetwalk_drop_probe *packetwalk_drop_probe_open(const void *object, size_t size, int *error) {
    libbpf_set_print(silent);
    struct packetwalk_drop_probe *probe = calloc(1, sizeof *probe);
    if (!probe) {
        *error = -ENOMEM;
        return NULL;
    }
    int code = 0;
    struct bpf_program *program;
    struct bpf_map *drops, *lost;
    probe->object = bpf_object__open_mem(object, size, NULL);
    if (!probe->object) goto failed;
    if ((code = bpf_object__load(probe->object)) != 0) goto failed;
    program = bpf_object__find_program_by_name(probe->object, "report_drop");
    drops = bpf_object__find_map_by_name(probe->object, "drops");
    lost = bpf_object__find_map_by_name(probe->object, "lost");
    if (!program || !drops || !lost) {
        code = -ENOENT;
        goto failed;
    }
    if ((code = open_counts(&probe->lost, bpf_map__fd(lost))) != 0) goto failed;
    probe->ring = ring_buffer__new(bpf_map__fd(drops), hand_over, probe, NULL);
    if (!probe->ring) goto failed;
    probe->link = bpf_program__attach(program);
    if (!probe->link) goto failed;
    return probe;
failed:
    *error = code != 0 ? code : errno != 0 ? -errno : -EINVAL;
    packetwalk_drop_probe_close(probe);
    return NULL;
}

int packetwalk_drop_probe_filter(const struct packetwalk_drop_probe *probe, const void *filter) {
    uint32_t zero = 0;
    struct bpf_map *map = bpf_object__find_map_by_name(probe->object, "filter");
    if (!map) return -ENOENT;
    return bpf_map_update_elem(bpf_map__fd(map), &zero, filter, 0) == 0 ? 0 : -errno;
}

int packetwalk_drop_probe_watch(const struct packetwalk_drop_probe *probe, uint32_t inode, int watches) {
    return change_namespaces(probe->object, inode, watches);
}

int packetwalk_drop_probe_consume(struct packetwalk_drop_probe *probe,
                                  void (*take)(void *context, const void *record, size_t size), void *context) {
    probe->take = take;
    probe->context = context;
    int count = ring_buffer__consume(probe->ring);
    probe->take = NULL;
    return count;
}

uint64_t packetwalk_drop_probe_lost(const struct packetwalk_drop_probe *probe) {
    return read_count(&probe->lost, 1);
}

void packetwalk_drop_probe_close(struct packetwalk_drop_probe *probe) {
    if (!probe) return;
    bpf_link__destroy(probe->link);
    close_counts(&probe->lost);
    ring_buffer__free(probe->ring);
    bpf_object__close(probe->object);
    free(probe);
}

int packetwalk_drop_reasons(void (*take)(void *context, uint32_t value, const char *name), void *context) {
    libbpf_set_print(silent);
    struct btf *btf = btf__load_vmlinux_btf();
    if (!btf) return errno != 0 ? -errno : -ENOENT;
    int type = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
    int count = type;
    if (type > 0) {
        const struct btf_type *description = btf__type_by_id(btf, type);
        const struct btf_enum *member = btf_enum(description);
        count = btf_vlen(description);
        for (int index = 0; index < count; index++) {
            const char *name = btf__name_by_offset(btf, member[index].name_off);
            if (name) take(context, (uint32_t)member[index].val, name);
        }
    }
    btf__free(btf);
    return count;
}
