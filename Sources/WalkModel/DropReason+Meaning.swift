internal import Network
public import Observations

/// What reasons of `kfree_skb` mean for a packet's path (include/net/dropreason-core.h).
extension DropReason {
    /// Frees that are no drops, whatever became of the packet.
    public static let alwaysHealthy: Set<Self> = ["NOT_DROPPED_YET", "CONSUMED", "SKB_CONSUMED", "OTHERHOST"]

    /// What a socket throws away of that which it had already taken: the queues of one that closes, and segments that
    /// TCP has no more use for.
    public static let housekeeping: Set<Self> = [
        "QUEUE_PURGE", "SOCKET_CLOSE", "SOCKET_DESTROYED", "TCP_OLD_DATA", "TCP_OLD_ACK", "TCP_OLD_SEQUENCE",
        "TCP_FLAGS", "TCP_RESET", "TCP_ACK_UNSENT_DATA", "TCP_OFOMERGE", "TCP_ABORT_ON_DATA", "TCP_INVALID_SYN",
    ]

    /// How the kernel lets go of packets that have reached their end. An echo reply is freed with `NO_SOCKET` after
    /// every ping socket had its copy; a datagram or a connection that nobody listens for came to its host as well:
    /// the RST or the ICMP error that goes back says so.
    public static let healthyOnceDelivered: Set<Self> = housekeeping.union([
        "NO_SOCKET", "NOT_SPECIFIED", "IP_NOPROTO", "TCP_CLOSE",
    ])

    /// By which the kernel frees copies of what is for many that their receiver has no use for: no socket, nobody that joined,
    /// no route for a group.
    public static let unwanted: Set<Self> = [
        "NO_SOCKET", "NOT_SPECIFIED", "IP_INNOROUTES", "IP_INADDRERRORS", "IP_OUTNOROUTES", "IP_INVALID_DEST",
        "INVALID_PROTO", "IP_NOPROTO", "UNHANDLED_PROTO", "OTHERHOST", "SOCKET_FILTER",
    ]

    /// Behind the last point of the input hook only a chain that comes later still or the socket itself can refuse a
    /// packet: these are the refusals.
    public static let refusalsAfterInput: Set<Self> = [
        "NETFILTER_DROP", "SOCKET_RCVBUFF", "SOCKET_FILTER", "SOCKET_BACKLOG", "PROTO_MEM", "TCP_CSUM", "UDP_CSUM",
        "ICMP_CSUM", "SKB_CSUM", "XFRM_POLICY", "TCP_LISTEN_OVERFLOW", "TCP_REQQFULLDROP", "TCP_MINTTL",
        "TCP_MD5NOTFOUND", "TCP_MD5UNEXPECTED", "TCP_MD5FAILURE", "TCP_AONOTFOUND", "TCP_AOFAILURE",
    ]

    /// What says by itself why the packet went no further, in the words of its entry. Any other reason names the place
    /// or a symptom: who answers for it must be found in the state of the network.
    public static let selfExplaining: Set<Self> = [
        "TCP_CSUM", "UDP_CSUM", "IP_CSUM", "ICMP_CSUM", "SOCKET_FILTER", "SOCKET_RCVBUFF", "SOCKET_BACKLOG",
        "PROTO_MEM", "UNICAST_IN_L2_MULTICAST", "XFRM_POLICY", "TCP_AUTH_HDR", "TCP_MD5NOTFOUND", "TCP_MD5UNEXPECTED",
        "TCP_MD5FAILURE", "TCP_AONOTFOUND", "TCP_AOUNEXPECTED", "TCP_AOKEYNOTFOUND", "TCP_AOFAILURE",
        "TCP_RFC7323_PAWS", "TCP_RFC7323_TW_PAWS", "TCP_LISTEN_OVERFLOW", "TCP_REQQFULLDROP", "TCP_MINTTL",
        "BPF_CGROUP_EGRESS", "IPV6DISABLED", "NEIGH_CREATEFAIL", "SECURITY_HOOK", "QDISC_OVERLIMIT", "QDISC_CONGESTED",
        "CPU_BACKLOG", "XDP", "TC_EGRESS", "TC_INGRESS", "FULL_RING", "NOMEM", "TAP_FILTER", "TAP_TXFILTER",
        "IP_INVALID_SOURCE", "IP_INVALID_DEST", "FRAG_REASM_TIMEOUT", "FRAG_TOO_FAR", "IPV6_NDISC_HOP_LIMIT",
        "IPV6_NDISC_FRAG", "VXLAN_VNI_NOT_FOUND", "VXLAN_ENTRY_EXISTS", "IP_TUNNEL_ECN", "TUNNEL_TXINFO",
        "BRIDGE_INGRESS_STP_STATE", "TC_CHAIN_NOTFOUND", "TC_RECLASSIFY_LOOP", "PSP_INPUT", "PSP_OUTPUT",
        "PFMEMALLOC", "RECURSION_LIMIT",
    ]

    /// The errno that a sender's socket call gets where the kernel frees its packet on the way out for this reason; nil
    /// where it gets none. (`neigh_resolve_output` and the error handlers of neighbours, `nf_hook_slow`,
    /// `ip_route_output_key_hash`, `ip_fragment`.)
    public var senderError: Int32? {
        switch self {
        case "NEIGH_FAILED": 113
        case "IP_OUTNOROUTES": 101
        case "NETFILTER_DROP", "BPF_CGROUP_EGRESS": 1
        case "PKT_TOO_BIG": 90
        case "IPV6DISABLED": 99
        default: nil
        }
    }
}
