/// What reasons of `kfree_skb` mean for a packet's way (include/net/dropreason-core.h).
public enum DropReason {
    /// Frees that are no drops, whatever became of the packet.
    public static let alwaysHealthy: Set<String> = ["NOT_DROPPED_YET", "CONSUMED", "SKB_CONSUMED", "OTHERHOST"]

    /// What a socket throws away of that which it had already taken: the queues of one that closes, and segments that
    /// TCP has no more use for.
    public static let housekeeping: Set<String> = [
        "QUEUE_PURGE", "SOCKET_CLOSE", "SOCKET_DESTROYED", "TCP_OLD_DATA", "TCP_OLD_ACK", "TCP_OLD_SEQUENCE",
        "TCP_FLAGS", "TCP_RESET", "TCP_ACK_UNSENT_DATA", "TCP_OFOMERGE",
    ]

    /// How the kernel lets go of packets that have reached their end. An echo reply is freed with `NO_SOCKET` after
    /// every ping socket had its copy; a datagram or a connection that nobody listens for came to its host as well:
    /// the RST or the ICMP error that goes back says so.
    public static let healthyOnceDelivered = housekeeping.union([
        "NO_SOCKET", "NOT_SPECIFIED", "IP_NOPROTO", "TCP_CLOSE",
    ])

    /// Behind the last point of the input hook only a chain that comes later still or the socket itself can refuse a
    /// packet: these are the refusals.
    public static let refusalsAfterInput: Set<String> = [
        "NETFILTER_DROP", "SOCKET_RCVBUFF", "SOCKET_FILTER", "SOCKET_BACKLOG", "PROTO_MEM", "TCP_CSUM", "UDP_CSUM",
        "ICMP_CSUM", "SKB_CSUM", "XFRM_POLICY", "TCP_LISTEN_OVERFLOW", "TCP_REQQFULLDROP", "TCP_MINTTL",
        "TCP_MD5NOTFOUND", "TCP_MD5UNEXPECTED", "TCP_MD5FAILURE", "TCP_AONOTFOUND", "TCP_AOFAILURE",
    ]
}
