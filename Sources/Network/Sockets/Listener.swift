public import Wire

/// A socket that takes packets for a port: a listening TCP socket, or a UDP socket that is bound or connected.
public struct Listener: Sendable, Codable, Hashable {
    public var `protocol`: TransportProtocol
    /// Unspecified (`0.0.0.0`, `::`) for all addresses. An IPv6 socket on `::` takes IPv4 too unless it is V6ONLY.
    public var address: IPAddress
    public var port: UInt16
    /// The name of a process that holds it (`/proc/PID/comm`), where it can be read.
    public var process: String?
    /// Bytes waiting to be read; for TCP, connections waiting to be accepted.
    public var receiveQueue: UInt64
    /// SO_RCVBUF in bytes, where known.
    public var receiveBufferBytes: UInt64?
    /// Datagrams that did not fit (UDP).
    public var drops: UInt64
    /// The socket's inode, as in `/proc/PID/fd`.
    public var inode: UInt64
    /// Connections that may wait to be accepted (TCP; listen(2), at most net.core.somaxconn): `Send-Q` of ss(8). The
    /// kernel drops SYNs while more than that wait. Nil where not read.
    public var backlog: UInt64?
    /// The device that the socket is bound to (SO_BINDTODEVICE); nil for all.
    public var device: String?
    /// Whether an IPv6 socket takes no IPv4 (IPV6_V6ONLY); nil for IPv4, and where not read.
    public var isIPv6Only: Bool?
    /// Whether it may take packets for foreign addresses (IP_TRANSPARENT, IPV6_TRANSPARENT); nil where not read.
    public var isTransparent: Bool?
    /// Whether every process that holds it is stopped (state `T` of proc_pid_stat(5)); nil where none is.
    public var isStopped: Bool?
    /// The addresses whose segments must bear a signature (TCP_MD5SIG, RFC 2385); nil for none, and where it may not be read.
    /// The passwords are not kept.
    public var signedPeers: [IPPrefix]?
    /// Whom a UDP socket is connected to (connect(2)): it takes datagrams from there alone. Nil for one that takes them from
    /// anyone.
    public var peer: Peer?

    /// The other end of a connected socket.
    public struct Peer: Sendable, Codable, Hashable {
        public var address: IPAddress
        public var port: UInt16

        /// - Parameter address: that of an IPv4 peer may be mapped into IPv6 (`::ffff:192.0.2.1`).
        public init(_ address: IPAddress, port: UInt16) {
            let isMapped = !address.isIPv4 && address.high == 0 && address.low >> 32 == 0xffff
            self.address = isMapped ? IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low)) : address
            self.port = port
        }
    }

    public init(
        protocol: TransportProtocol, address: IPAddress, port: UInt16, process: String? = nil, receiveQueue: UInt64 = 0,
        receiveBufferBytes: UInt64? = nil, drops: UInt64 = 0, inode: UInt64 = 0
    ) {
        self.protocol = `protocol`
        self.address = address
        self.port = port
        self.process = process
        self.receiveQueue = receiveQueue
        self.receiveBufferBytes = receiveBufferBytes
        self.drops = drops
        self.inode = inode
    }

    enum CodingKeys: String, TolerantKey {
        case `protocol`, address, port, process, drops, inode
        case receiveQueue = "receive_queue"
        case receiveBufferBytes = "receive_buffer_bytes"
        case backlog, device
        case isIPv6Only = "ipv6_only"
        case isTransparent = "transparent"
        case isStopped = "stopped"
        case signedPeers = "signed_peers"
        case peer

        static let defaults: [Self: any Sendable] = [.receiveQueue: UInt64(0), .drops: UInt64(0), .inode: UInt64(0)]
    }

    /// Whether a connection or a datagram more would be dropped: more wait to be accepted than the backlog (`sk_acceptq_is_full`); of
    /// a receive buffer, less is left than the kernel counts for a frame of Ethernet (`__udp_enqueue_schedule_skb`).
    public var isFull: Bool {
        if `protocol` == .tcp { return backlog.map { receiveQueue > $0 } ?? false }
        return receiveBufferBytes.map { receiveQueue + Self.frameBytes > $0 } ?? false
    }

    /// The data of one frame and what describes it (`SKB_TRUESIZE`).
    private static let frameBytes: UInt64 = 2304

    /// Whether it is of that protocol and port, on whichever address and device.
    public func isOn(_ number: IPProtocol, port: UInt16?) -> Bool {
        self.port == port && `protocol` == TransportProtocol(number)
    }
}
