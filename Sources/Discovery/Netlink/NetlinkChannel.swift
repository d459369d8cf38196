internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// Where netlink messages go and come from: a kernel socket, or recorded bytes in a test.
///
/// Three members, so that all parsing is tested without privilege (netlink(7)).
protocol NetlinkChannel {
    /// The address that replies carry (`nlmsg_pid`).
    var portIdentifier: UInt32 { get }
    func send(_ request: [UInt8]) throws
    /// The next datagram: one or more whole messages.
    func receive() throws -> [UInt8]
}

/// A netlink socket in the namespace of the thread that makes it; it stays there.
final class KernelNetlinkSocket: NetlinkChannel {
    private let socket: OpaquePointer
    let portIdentifier: UInt32

    /// - Parameter bus: `NETLINK_ROUTE`, `NETLINK_NETFILTER`.
    init(bus: Int32 = NETLINK_ROUTE) throws {
        guard let socket = mnl_socket_open2(bus, Int32(bitPattern: SOCK_CLOEXEC.rawValue)) else {
            throw SystemError("open a netlink socket", errorNumber: errno)
        }
        guard mnl_socket_bind(socket, 0, 0) == 0 else {
            let number = errno
            mnl_socket_close(socket)
            throw SystemError("bind a netlink socket", errorNumber: number)
        }
        self.socket = socket
        self.portIdentifier = mnl_socket_get_portid(socket)
        // A kernel that never answers must not hold up the rest.
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(
            mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { mnl_socket_close(socket) }

    /// The number of the socket's network namespace, which no other ever has (SO_NETNS_COOKIE); nil before Linux 5.14.
    var namespaceCookie: UInt64? {
        var cookie: UInt64 = 0
        var size = socklen_t(MemoryLayout<UInt64>.size)
        return getsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : nil
    }

    func send(_ request: [UInt8]) throws {
        try retryingInterrupts("send a netlink request") {
            request.withUnsafeBytes { mnl_socket_sendto(socket, $0.baseAddress, $0.count) }
        }
    }

    func receive() throws -> [UInt8] {
        // 32 KiB is the most that the kernel puts into one datagram of a dump (netlink_dump in af_netlink.c).
        try [UInt8](unsafeUninitializedCapacity: 32_768) { buffer, count in
            count = try retryingInterrupts("read a netlink reply") {
                mnl_socket_recvfrom(socket, buffer.baseAddress, buffer.count)
            }
        }
    }
}
