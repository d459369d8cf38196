/// What an error of a socket call means for a packet that was to be sent (errno(3); ip(7), udp(7), tcp(7), raw(7)).
public struct SendError: Sendable, Hashable {
    /// As errno.h calls it.
    public var name: String
    /// A whole sentence of what the kernel refused.
    public var meaning: String
    /// What to look at next: a command or a setting.
    public var lookAt: String

    init(_ name: String, _ meaning: String, lookAt: String) {
        self.name = name
        self.meaning = meaning
        self.lookAt = lookAt
    }

    /// By the numbers of x86, ARM, RISC-V and PowerPC Linux (asm-generic/errno.h).
    public static let entries: [Int32: SendError] = [
        1: SendError(
            "EPERM", "a netfilter rule of the output path, or a cgroup's BPF program, refused the packet",
            lookAt: "the rules of output and postrouting; bpftool cgroup tree"),
        11: SendError(
            "EAGAIN", "the socket has no room for another packet: its earlier ones are still queued",
            lookAt: "tc -s qdisc show dev DEV; SO_SNDBUF, net.core.wmem_max; for connect(), free local ports"),
        12: SendError(
            "ENOMEM", "the kernel has no memory for the packet", lookAt: "free; net.ipv4.udp_mem, tcp_mem"),
        13: SendError(
            "EACCES", "the address may not be sent to: a broadcast without SO_BROADCAST, or a prohibit route or rule",
            lookAt: "ip route get DESTINATION; ip rule"),
        14: SendError("EFAULT", "the program passed memory that is not its own", lookAt: "the program"),
        19: SendError("ENODEV", "the device does not exist any more", lookAt: "ip link; SO_BINDTODEVICE"),
        22: SendError(
            "EINVAL",
            "the kernel refuses the combination of source, destination and device, or the route is a blackhole",
            lookAt: "ip route get DESTINATION from SOURCE; ip route show type blackhole"),
        32: SendError("EPIPE", "the socket is shut down for sending", lookAt: "the program"),
        71: SendError("EPROTO", "the peer broke the protocol", lookAt: "a capture of the exchange"),
        88: SendError("ENOTSOCK", "the descriptor is no socket", lookAt: "the program"),
        89: SendError("EDESTADDRREQ", "the program named no destination", lookAt: "the program"),
        90: SendError(
            "EMSGSIZE", "the packet is larger than the path's MTU and may not be fragmented, or larger than a datagram",
            lookAt: "ip route get DESTINATION: mtu; ip link; IP_MTU_DISCOVER"),
        92: SendError("ENOPROTOOPT", "the protocol is not available", lookAt: "the kernel's modules"),
        93: SendError("EPROTONOSUPPORT", "the kernel has no such protocol", lookAt: "the kernel's modules"),
        94: SendError("ESOCKTNOSUPPORT", "the kernel has no such type of socket", lookAt: "the kernel's modules"),
        95: SendError("EOPNOTSUPP", "the socket can't do this", lookAt: "the program"),
        97: SendError(
            "EAFNOSUPPORT",
            "the address family is not available: IPv6 is disabled, or the socket is of the other family",
            lookAt: "sysctl net.ipv6.conf.all.disable_ipv6"),
        98: SendError(
            "EADDRINUSE", "another socket holds the address and port", lookAt: "ss -ntulp sport = :PORT"),
        99: SendError(
            "EADDRNOTAVAIL",
            "the source address is not configured here, or no local port is free, or IPv6 is disabled",
            lookAt: "ip address; net.ipv4.ip_local_port_range; ss -s"),
        100: SendError("ENETDOWN", "the device is down", lookAt: "ip link"),
        101: SendError(
            "ENETUNREACH", "no route leads to the destination", lookAt: "ip route get DESTINATION; ip rule"),
        102: SendError("ENETRESET", "the network dropped the connection", lookAt: "ip link; dmesg"),
        103: SendError("ECONNABORTED", "the connection was aborted", lookAt: "ss -tan"),
        104: SendError("ECONNRESET", "the peer reset the connection", lookAt: "who sent the RST"),
        105: SendError(
            "ENOBUFS",
            "the device's queue is full, or the other end of a veth pair did not take the packet (for one, its MTU is smaller)",
            lookAt: "tc -s qdisc show dev DEV; ip -s link show dev DEV; the MTU of both ends"),
        106: SendError("EISCONN", "the socket is already connected", lookAt: "the program"),
        107: SendError("ENOTCONN", "the socket is not connected", lookAt: "the program"),
        110: SendError(
            "ETIMEDOUT", "no reply came within the time", lookAt: "the walk of the packet: where it was last seen"),
        111: SendError(
            "ECONNREFUSED", "the destination refused: nothing listens there, or a rule rejects with a reset",
            lookAt: "ss -lntu on the destination"),
        112: SendError("EHOSTDOWN", "the destination host is down", lookAt: "ip neigh"),
        113: SendError(
            "EHOSTUNREACH",
            "the destination or its next hop did not reply to ARP or neighbour solicitation, or an unreachable route "
                + "refuses it",
            lookAt: "ip neigh; ip route get DESTINATION"),
        114: SendError("EALREADY", "an earlier connect() is still under way", lookAt: "the program"),
        115: SendError("EINPROGRESS", "the connection is being set up", lookAt: "the walk of the SYN"),
        126: SendError("ENOKEY", "a key that the IPsec policy requires is missing", lookAt: "ip xfrm state"),
    ]

    /// The entry of an errno; nil for one that sockets don't give.
    public static func entry(_ errorNumber: Int32) -> SendError? { entries[errorNumber] }
}
