public import Wire

/// A socket that takes packets from anyone: a listening TCP socket, or a UDP socket that is bound to a port.
public struct Listener: Sendable, Codable, Hashable {
    /// `tcp` or `udp`.
    public var `protocol`: String
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

    public init(
        protocol: String, address: IPAddress, port: UInt16, process: String? = nil, receiveQueue: UInt64 = 0,
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

        static let defaults: [Self: any Sendable] = [.receiveQueue: UInt64(0), .drops: UInt64(0), .inode: UInt64(0)]
    }
}
