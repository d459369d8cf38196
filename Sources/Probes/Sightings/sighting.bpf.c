// Reports each packet that passes a netfilter hook or a device: when, where, its first bytes, and which packet of the
// kernel it is. Built by `make bpf`; the object beside this file is what ships. Why it is made as it is:
// docs/decisions/0010-bpf-probes.md.
#include "../BPF/drop.bpf.h"
#include "../BPF/identity.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 << 20);
} sightings SEC(".maps");

// MARK: The end of a packet

SEC("tp_btf/consume_skb")
int forget_consumed(u64 *arguments) {
    return forget((void *)arguments[0]);
}

SEC("tp_btf/kfree_skb")
int forget_dropped(u64 *arguments) {
    return forget((void *)arguments[0]);
}

// The same, where drops are told of: in the ring and by the clock of all else.
SEC("tp_btf/kfree_skb")
int report_drop(u64 *arguments) {
    if (is_drop(arguments)) report(&sightings, arguments);
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
    count_lost(LOST_SIGHTINGS);
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
