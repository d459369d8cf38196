internal import Network
public import Observations

extension DropReason {
    /// Every reason of Linux 6.18 by its name without `SKB_DROP_REASON_`, in the kernel's order
    /// (include/net/dropreason-core.h). Reasons of subsystems (mac80211, Open vSwitch) have numbers, no names here.
    public static let entries: [Self: DropReasonEntry] = [
        "NOT_SPECIFIED": DropReasonEntry(
            "the kernel gives no reason; only the function that freed the packet is known",
            lookAt: "the function's name in the kernel's source", .healthyOnceDelivered),
        "NO_SOCKET": DropReasonEntry(
            "no socket takes the packet",
            lookAt: "ss -lntu on the receiver: who listens, on which address, port and device", .healthyOnceDelivered),
        "SOCKET_CLOSE": DropReasonEntry(
            "the socket was being closed",
            lookAt: "the program: it closed the socket while packets were on their way", .healthyOnceDelivered),
        "SOCKET_FILTER": DropReasonEntry(
            "a BPF filter on the socket refused the packet",
            lookAt: "the program's SO_ATTACH_FILTER; ss -lntup -e -b shows it"),
        "SOCKET_RCVBUFF": DropReasonEntry(
            "the socket's receive buffer is full: the program does not read fast enough",
            lookAt: "ss -lunm: Recv-Q and drops; net.core.rmem_max, SO_RCVBUF"),
        "UNIX_DISCONNECT": DropReasonEntry(
            "the peer of a Unix socket has gone",
            lookAt: "not a network packet", .healthyOnceDelivered),
        "UNIX_SKIP_OOB": DropReasonEntry(
            "out-of-band data of a Unix socket was skipped",
            lookAt: "not a network packet", .healthyOnceDelivered),
        "PKT_TOO_SMALL": DropReasonEntry(
            "the packet is shorter than its own headers say",
            lookAt: "the sender or a device that cuts frames; capture the frame with its length"),
        "TCP_CSUM": DropReasonEntry(
            "the TCP checksum is wrong",
            lookAt: "checksum offload: ethtool -K DEV tx off on the sender; a device that damages frames"),
        "UDP_CSUM": DropReasonEntry(
            "the UDP checksum is wrong",
            lookAt: "checksum offload: ethtool -K DEV tx off on the sender, also of the outer packet of a tunnel"),
        "NETFILTER_DROP": DropReasonEntry(
            "a netfilter rule or policy dropped the packet",
            lookAt: "nft list ruleset, iptables-save: the rule's counter"),
        "OTHERHOST": DropReasonEntry(
            "the frame's destination MAC address is not that of the device that received it",
            lookAt:
                "ip neigh on the sender: a neighbour entry that holds the wrong address; a promiscuous device "
                + "sees others' frames as well",
            .healthy),
        "IP_CSUM": DropReasonEntry(
            "the IPv4 header checksum is wrong",
            lookAt: "a device on the path that damages or rewrites headers"),
        "IP_INHDR": DropReasonEntry(
            "the IP header is invalid, or its TTL ran out in forwarding",
            lookAt: "traceroute for a routing loop; the packet's TTL"),
        "IP_RPFILTER": DropReasonEntry(
            "the reverse path check refused the source: the route back to it uses another interface, or there is none",
            lookAt: "sysctl net.ipv4.conf.DEV.rp_filter and ip route get SOURCE; nstat TcpExtIPReversePathFilter"),
        "UNICAST_IN_L2_MULTICAST": DropReasonEntry(
            "a unicast IP packet came in a broadcast or multicast frame",
            lookAt: "net.ipv4.conf.DEV.drop_unicast_in_l2_multicast; the sender's neighbour entry"),
        "XFRM_POLICY": DropReasonEntry(
            "an IPsec policy refused the packet: it asks for encryption that the packet does not have, or blocks it",
            lookAt: "ip xfrm policy; ip xfrm state; /proc/net/xfrm_stat"),
        "IP_NOPROTO": DropReasonEntry(
            "nothing on the receiver handles this IP protocol",
            lookAt: "the protocol number of the packet; a module that is not loaded (gre, esp, sctp)",
            .healthyOnceDelivered),
        "PROTO_MEM": DropReasonEntry(
            "the protocol's memory limit is reached",
            lookAt: "net.ipv4.udp_mem or tcp_mem; /proc/net/sockstat"),
        "TCP_AUTH_HDR": DropReasonEntry(
            "the TCP segment carries both MD5 and AO, or a malformed authentication option",
            lookAt: "the two ends' TCP authentication settings"),
        "TCP_MD5NOTFOUND": DropReasonEntry(
            "the receiver requires a TCP MD5 signature and the segment has none",
            lookAt: "the BGP or other program's password: it is set on the receiver only"),
        "TCP_MD5UNEXPECTED": DropReasonEntry(
            "the segment has a TCP MD5 signature and the receiver expects none",
            lookAt: "the BGP or other program's password: it is set on the sender only"),
        "TCP_MD5FAILURE": DropReasonEntry(
            "the TCP MD5 signature is wrong: the two ends have different passwords",
            lookAt: "the password on both ends"),
        "TCP_AONOTFOUND": DropReasonEntry(
            "the receiver requires TCP-AO and the segment has none",
            lookAt: "the TCP-AO keys: they are set on the receiver only"),
        "TCP_AOUNEXPECTED": DropReasonEntry(
            "the segment has TCP-AO and the receiver expects none",
            lookAt: "the TCP-AO keys: they are set on the sender only"),
        "TCP_AOKEYNOTFOUND": DropReasonEntry(
            "the receiver has no TCP-AO key with the segment's key id",
            lookAt: "the key ids on both ends"),
        "TCP_AOFAILURE": DropReasonEntry(
            "the TCP-AO hash is wrong: the two ends have different keys",
            lookAt: "the TCP-AO keys on both ends"),
        "SOCKET_BACKLOG": DropReasonEntry(
            "the socket's backlog is full: it was in use while packets came in",
            lookAt: "net.core.rmem_max; ss -tm: the socket's memory"),
        "TCP_FLAGS": DropReasonEntry(
            "the TCP flags do not fit the connection's state",
            lookAt: "the connection's state on both ends: ss -tan", .healthyOnceDelivered),
        "TCP_ABORT_ON_DATA": DropReasonEntry(
            "data arrived for a socket that the program had closed: the connection is reset",
            lookAt: "the program: it closed the connection before it had read everything", .healthyOnceDelivered),
        "TCP_ZEROWINDOW": DropReasonEntry(
            "the receiver's window is zero: its program does not read",
            lookAt: "ss -tni on the receiver: Recv-Q"),
        "TCP_OLD_DATA": DropReasonEntry(
            "the receiver already has this data: it was retransmitted",
            lookAt: "an acknowledgement that was lost or late on the return path", .healthyOnceDelivered),
        "TCP_OVERWINDOW": DropReasonEntry(
            "the data is beyond the receiver's window",
            lookAt: "a middlebox that rewrites sequence numbers or windows"),
        "TCP_OFOMERGE": DropReasonEntry(
            "out-of-order data that is already queued",
            lookAt: "reordering or retransmission on the path; harmless", .healthyOnceDelivered),
        "TCP_RFC7323_PAWS": DropReasonEntry(
            "the segment's timestamp is older than the last one (PAWS): it is an old duplicate, or comes "
                + "from another machine behind the same address",
            lookAt: "several hosts behind one NAT address with net.ipv4.tcp_timestamps; nstat TcpExtPAWSEstab"),
        "TCP_RFC7323_PAWS_ACK": DropReasonEntry(
            "an acknowledgement's timestamp is older than the last one (PAWS)",
            lookAt: "several hosts behind one NAT address; nstat TcpExtPAWSEstab"),
        "TCP_RFC7323_TW_PAWS": DropReasonEntry(
            "the timestamp is older than that of a connection in TIME_WAIT with the same ports",
            lookAt: "several hosts behind one NAT address; nstat TcpExtPAWSTimewait"),
        "TCP_RFC7323_TSECR": DropReasonEntry(
            "the echoed timestamp is one that was never sent",
            lookAt: "a middlebox that rewrites TCP options"),
        "TCP_LISTEN_OVERFLOW": DropReasonEntry(
            "the listener's accept queue is full: its program does not accept connections",
            lookAt:
                "ss -lnt on the receiver: Recv-Q is the queue, Send-Q its limit; nstat TcpExtListenOverflows; "
                + "net.core.somaxconn"
        ),
        "TCP_OLD_SEQUENCE": DropReasonEntry(
            "the segment lies before what was already received",
            lookAt: "a retransmission; harmless unless it repeats", .healthyOnceDelivered),
        "TCP_INVALID_SEQUENCE": DropReasonEntry(
            "the sequence number is outside the receiver's window",
            lookAt: "a middlebox that rewrites sequence numbers, or a stale connection"),
        "TCP_INVALID_END_SEQUENCE": DropReasonEntry(
            "the segment ends beyond the receiver's window",
            lookAt: "a middlebox that rewrites sequence numbers or windows"),
        "TCP_INVALID_ACK_SEQUENCE": DropReasonEntry(
            "the acknowledgement is for data that was never sent",
            lookAt: "a middlebox that rewrites sequence numbers, or a stale connection"),
        "TCP_RESET": DropReasonEntry(
            "a reset ended the connection",
            lookAt: "who sent the RST: the segment before it", .healthyOnceDelivered),
        "TCP_INVALID_SYN": DropReasonEntry(
            "a SYN came in the middle of a connection",
            lookAt:
                "a SYN that was sent again, which is harmless, or a client that uses its port again; ss -tan on the "
                + "receiver",
            .healthyOnceDelivered),
        "TCP_CLOSE": DropReasonEntry(
            "the connection is closed on the receiver",
            lookAt: "ss -tan on the receiver", .healthyOnceDelivered),
        "TCP_FASTOPEN": DropReasonEntry(
            "the TCP Fast Open data could not be accepted",
            lookAt: "net.ipv4.tcp_fastopen"),
        "TCP_OLD_ACK": DropReasonEntry(
            "the acknowledgement is old",
            lookAt: "a duplicate; harmless", .healthyOnceDelivered),
        "TCP_TOO_OLD_ACK": DropReasonEntry(
            "the acknowledgement is older than the window allows (RFC 5961)",
            lookAt: "a stale connection or an injected segment"),
        "TCP_ACK_UNSENT_DATA": DropReasonEntry(
            "the acknowledgement is for data that was not sent yet",
            lookAt: "a middlebox, or an old connection's segment", .healthyOnceDelivered),
        "TCP_OFO_QUEUE_PRUNE": DropReasonEntry(
            "the out-of-order queue was emptied: the receive buffer is short",
            lookAt: "net.ipv4.tcp_rmem; nstat TcpExtOfoPruned"),
        "TCP_OFO_DROP": DropReasonEntry(
            "out-of-order data was dropped: the receive buffer is full",
            lookAt: "net.ipv4.tcp_rmem; nstat TcpExtTCPOFODrop"),
        "IP_OUTNOROUTES": DropReasonEntry(
            "the sender has no route to the destination",
            lookAt: "ip route get DESTINATION"),
        "BPF_CGROUP_EGRESS": DropReasonEntry(
            "a BPF program of the sender's cgroup refused the packet",
            lookAt: "bpftool cgroup tree: systemd's IPAddressDeny=, a container runtime's or CNI's programs"),
        "IPV6DISABLED": DropReasonEntry(
            "IPv6 is disabled on the device",
            lookAt: "sysctl net.ipv6.conf.DEV.disable_ipv6"),
        "NEIGH_CREATEFAIL": DropReasonEntry(
            "no neighbour entry could be made: the neighbour table is full, or the device takes none",
            lookAt: "ip -s ntable show; net.ipv4.neigh.default.gc_thresh3; dmesg: neighbor table overflow"),
        "NEIGH_FAILED": DropReasonEntry(
            "the next hop did not reply to ARP or neighbour solicitation",
            lookAt: "ip neigh; who holds the address, and what drops the request or its reply"),
        "NEIGH_QUEUEFULL": DropReasonEntry(
            "too many packets wait for the next hop's link-layer address",
            lookAt: "ip neigh: incomplete; net.ipv4.neigh.DEV.unres_qlen_bytes"),
        "NEIGH_DEAD": DropReasonEntry(
            "the neighbour entry was being removed",
            lookAt: "ip monitor neigh: a link or an address that goes and comes"),
        "NEIGH_HH_FILLFAIL": DropReasonEntry(
            "the link-layer header could not be written",
            lookAt: "the device's type; ip -d link"),
        "TC_EGRESS": DropReasonEntry(
            "a tc filter or action at egress dropped the packet",
            lookAt: "tc -s filter show dev DEV egress; bpftool net"),
        "SECURITY_HOOK": DropReasonEntry(
            "a security module (SELinux, Smack, AppArmor) refused the packet",
            lookAt: "ausearch -m avc, dmesg"),
        "QDISC_DROP": DropReasonEntry(
            "the queueing discipline dropped the packet: its queue is full, or it is shaped",
            lookAt: "tc -s qdisc show dev DEV"),
        "QDISC_OVERLIMIT": DropReasonEntry(
            "the queueing discipline's limit is exceeded",
            lookAt: "tc -s qdisc show dev DEV: backlog and limit"),
        "QDISC_CONGESTED": DropReasonEntry(
            "the queueing discipline dropped the packet to signal congestion (CoDel, RED, PIE)",
            lookAt: "tc -s qdisc show dev DEV: the delay of its queue"),
        "CAKE_FLOOD": DropReasonEntry(
            "CAKE dropped the packet: its queue is full or its delay too long",
            lookAt: "tc -s qdisc show dev DEV: bandwidth"),
        "FQ_BAND_LIMIT": DropReasonEntry(
            "the fq qdisc's band limit is reached",
            lookAt: "tc -s qdisc show dev DEV"),
        "FQ_HORIZON_LIMIT": DropReasonEntry(
            "the packet's send time is beyond the fq qdisc's horizon",
            lookAt: "tc qdisc: fq horizon; the program's SO_TXTIME"),
        "FQ_FLOW_LIMIT": DropReasonEntry(
            "the fq qdisc's limit for one flow is reached",
            lookAt: "tc qdisc: fq flow_limit"),
        "CPU_BACKLOG": DropReasonEntry(
            "a processor's receive backlog is full",
            lookAt: "net.core.netdev_max_backlog; /proc/net/softnet_stat; receive steering (RPS)"),
        "XDP": DropReasonEntry(
            "an XDP program dropped the packet",
            lookAt: "ip link show dev DEV: prog/xdp; bpftool net"),
        "TC_INGRESS": DropReasonEntry(
            "a tc filter or action at ingress dropped the packet",
            lookAt: "tc -s filter show dev DEV ingress; bpftool net"),
        "UNHANDLED_PROTO": DropReasonEntry(
            "no protocol handler takes this EtherType on the device",
            lookAt: "the frame's EtherType; a port without a bridge, a VLAN tag without a VLAN device"),
        "SKB_CSUM": DropReasonEntry(
            "a checksum could not be verified or completed",
            lookAt: "checksum offload: ethtool -k DEV"),
        "SKB_GSO_SEG": DropReasonEntry(
            "a large packet could not be cut into segments",
            lookAt: "offloads: ethtool -k DEV; a device that does not take GSO packets"),
        "SKB_UCOPY_FAULT": DropReasonEntry(
            "the packet's data could not be copied to or from the program",
            lookAt: "the program (tap, vhost, packet socket)"),
        "DEV_HDR": DropReasonEntry(
            "the device's own header could not be read or written",
            lookAt: "the tunnel or tap device: ip -d link"),
        "DEV_READY": DropReasonEntry(
            "the device is down or not ready",
            lookAt: "ip link show dev DEV, and its peer"),
        "FULL_RING": DropReasonEntry(
            "the device's ring is full: the program or guest behind it does not read fast enough",
            lookAt: "ip -s link show dev DEV; the tap's or veth's reader"),
        "NOMEM": DropReasonEntry(
            "there was no memory for the packet",
            lookAt: "free; dmesg; nstat"),
        "HDR_TRUNC": DropReasonEntry(
            "the packet is too short for its headers",
            lookAt: "capture the frame with its length; a tunnel that cuts"),
        "TAP_FILTER": DropReasonEntry(
            "the tap device's filter refused the packet",
            lookAt: "the program that owns the tap (TUNSETTXFILTER, TUNATTACHFILTER)"),
        "TAP_TXFILTER": DropReasonEntry(
            "the tap device's transmit filter refused the packet",
            lookAt: "the program that owns the tap (TUNSETTXFILTER)"),
        "ICMP_CSUM": DropReasonEntry(
            "the ICMP checksum is wrong",
            lookAt: "a device on the path that damages or rewrites packets"),
        "INVALID_PROTO": DropReasonEntry(
            "the message is not handled there: an ICMP type that is ignored, or a protocol that is invalid",
            lookAt: "net.ipv4.icmp_echo_ignore_broadcasts and icmp_echo_ignore_all"),
        "IP_INADDRERRORS": DropReasonEntry(
            "the destination is not an address of this host, and the packet is not forwarded",
            lookAt: "sysctl net.ipv4.ip_forward and net.ipv4.conf.DEV.forwarding; why the packet came here"),
        "IP_INNOROUTES": DropReasonEntry(
            "the router has no route to the destination",
            lookAt: "ip route get DESTINATION from SOURCE iif DEV"),
        "IP_LOCAL_SOURCE": DropReasonEntry(
            "the packet's source is an address of the receiving host itself",
            lookAt: "who else uses the address; a packet that came back in a loop; net.ipv4.conf.DEV.accept_local"),
        "IP_INVALID_SOURCE": DropReasonEntry(
            "the source address can't be one: multicast, broadcast or zero",
            lookAt: "the sender's source address"),
        "IP_LOCALNET": DropReasonEntry(
            "a loopback address (127.0.0.0/8) is used on another interface than lo",
            lookAt: "sysctl net.ipv4.conf.DEV.route_localnet; a DNAT to or from 127.0.0.1"),
        "IP_INVALID_DEST": DropReasonEntry(
            "the destination address can't be one: zero, or a class that is reserved",
            lookAt: "the packet's destination"),
        "PKT_TOO_BIG": DropReasonEntry(
            "the packet is larger than the MTU of the next link and must not be fragmented",
            lookAt:
                "ip link: the MTU of both ends, of bridge ports and tunnels; ICMP \"fragmentation needed\" on "
                + "the return path"
        ),
        "DUP_FRAG": DropReasonEntry(
            "a fragment arrived twice",
            lookAt: "harmless; duplicates on the path"),
        "FRAG_REASM_TIMEOUT": DropReasonEntry(
            "not all fragments arrived within the time: the datagram is given up",
            lookAt: "a rule that drops fragments after the first; net.ipv4.ipfrag_time"),
        "FRAG_TOO_FAR": DropReasonEntry(
            "fragments of too many other datagrams came in between",
            lookAt: "net.ipv4.ipfrag_max_dist; loss or reordering on the path"),
        "TCP_MINTTL": DropReasonEntry(
            "the TTL is below the socket's IP_MINTTL (GTSM, RFC 5082)",
            lookAt: "the BGP program's ttl-security; the number of hops between the two ends"),
        "IPV6_BAD_EXTHDR": DropReasonEntry(
            "an IPv6 extension header is malformed or not handled",
            lookAt: "capture the packet; net.ipv6.max_dst_opts_number and the like"),
        "IPV6_NDISC_FRAG": DropReasonEntry(
            "a neighbour discovery message was fragmented (RFC 6980)",
            lookAt: "the sender, or net.ipv6.conf.DEV.suppress_frag_ndisc"),
        "IPV6_NDISC_HOP_LIMIT": DropReasonEntry(
            "a neighbour discovery message has not a hop limit of 255: a router forwarded it",
            lookAt: "who forwards neighbour discovery: a proxy or a tunnel"),
        "IPV6_NDISC_BAD_CODE": DropReasonEntry(
            "a neighbour discovery message has a wrong code",
            lookAt: "the sender of the message"),
        "IPV6_NDISC_BAD_OPTIONS": DropReasonEntry(
            "a neighbour discovery message has malformed options",
            lookAt: "the sender of the message"),
        "IPV6_NDISC_NS_OTHERHOST": DropReasonEntry(
            "a neighbour solicitation asks for an address of another host",
            lookAt:
                "the frame reached more hosts than it was sent for; ordinary on a promiscuous device or a "
                + "flooding bridge",
            .healthy),
        "QUEUE_PURGE": DropReasonEntry(
            "a queue was emptied: its socket or device was closed",
            lookAt: "the socket or device that went away meanwhile", .healthyOnceDelivered),
        "TC_COOKIE_ERROR": DropReasonEntry(
            "a tc hardware-offload cookie was not found",
            lookAt: "tc filter offload (skip_sw, skip_hw)"),
        "PACKET_SOCK_ERROR": DropReasonEntry(
            "a packet socket (a capture) could not take its copy",
            lookAt: "the capturing program; the packet itself goes on", .healthy),
        "TC_CHAIN_NOTFOUND": DropReasonEntry(
            "a tc filter jumps to a chain that does not exist",
            lookAt: "tc filter show dev DEV: goto chain"),
        "TC_RECLASSIFY_LOOP": DropReasonEntry(
            "tc filters reclassify the packet in a loop",
            lookAt: "tc filter show dev DEV"),
        "VXLAN_INVALID_HDR": DropReasonEntry(
            "the VXLAN header is invalid, or has flags that the device does not use",
            lookAt: "ip -d link show dev VXLAN: gbp, gpe, remcsum on both ends"),
        "VXLAN_VNI_NOT_FOUND": DropReasonEntry(
            "no VXLAN device of the receiver has this VNI",
            lookAt: "ip -d link show type vxlan: the id and the port on both ends"),
        "MAC_INVALID_SOURCE": DropReasonEntry(
            "the inner frame's source MAC address is invalid, or is the device's own",
            lookAt: "a loop between tunnels; equal MAC addresses on both ends"),
        "VXLAN_ENTRY_EXISTS": DropReasonEntry(
            "the VXLAN device already knows the sender by a permanent entry that says otherwise",
            lookAt: "bridge fdb show dev VXLAN"),
        "NO_TX_TARGET": DropReasonEntry(
            "the bridge or tunnel has no port to send the frame to",
            lookAt: "bridge fdb, bridge mdb, bridge link: port states, isolation, flood flags, multicast snooping"),
        "IP_TUNNEL_ECN": DropReasonEntry(
            "the ECN bits of the inner and outer header contradict each other",
            lookAt: "a device on the path that rewrites the outer header's TOS"),
        "TUNNEL_TXINFO": DropReasonEntry(
            "the tunnel device expects tunnel metadata and the packet has none",
            lookAt: "ip -d link: external (collect metadata); the tc or OVS rule that should set it"),
        "LOCAL_MAC": DropReasonEntry(
            "the frame's source MAC address is the bridge's or tunnel's own",
            lookAt: "a loop; two devices with one MAC address"),
        "ARP_PVLAN_DISABLE": DropReasonEntry(
            "proxy ARP for private VLANs is disabled on the device",
            lookAt: "sysctl net.ipv4.conf.DEV.proxy_arp_pvlan", .healthy),
        "MAC_IEEE_MAC_CONTROL": DropReasonEntry(
            "a MAC control frame (pause) is not forwarded by a bridge",
            lookAt: "nothing: such frames end at the link", .healthy),
        "BRIDGE_INGRESS_STP_STATE": DropReasonEntry(
            "the bridge port is not in state forwarding (spanning tree)",
            lookAt: "bridge link show: state; ip link set DEV type bridge stp_state"),
        "CAN_RX_INVALID_FRAME": DropReasonEntry(
            "a CAN frame is invalid",
            lookAt: "not an IP packet"),
        "CANFD_RX_INVALID_FRAME": DropReasonEntry(
            "a CAN FD frame is invalid",
            lookAt: "not an IP packet"),
        "CANXL_RX_INVALID_FRAME": DropReasonEntry(
            "a CAN XL frame is invalid",
            lookAt: "not an IP packet"),
        "PFMEMALLOC": DropReasonEntry(
            "memory is so short that only swap traffic is served",
            lookAt: "free; dmesg"),
        "DUALPI2_STEP_DROP": DropReasonEntry(
            "DualPI2 dropped the packet to signal congestion",
            lookAt: "tc -s qdisc show dev DEV"),
        "PSP_INPUT": DropReasonEntry(
            "the PSP security protocol refused an incoming packet",
            lookAt: "the PSP keys of the connection"),
        "PSP_OUTPUT": DropReasonEntry(
            "the PSP security protocol refused an outgoing packet",
            lookAt: "the PSP keys of the connection"),
        "RECURSION_LIMIT": DropReasonEntry(
            "the packet went through too many stacked devices, or in a loop of devices",
            lookAt: "ip -d link: tunnels that lead into themselves, act_mirred loops"),
    ]

    /// The entry of a reason; nil for one that a later kernel added.
    public var entry: DropReasonEntry? { Self.entries[self] }
}
