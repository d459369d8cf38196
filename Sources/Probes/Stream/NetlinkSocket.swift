internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// A netlink socket of the namespace in which it was made; works from any thread afterwards.
final class NetlinkSocket: Sendable {
    let descriptor: Int32

    /// Makes it in the calling thread's namespace.
    ///
    /// NETLINK_NO_ENOBUFS stays off: an overrun is told by ENOBUFS and counted as a loss.
    ///
    /// - Parameters:
    ///   - family: NETLINK_ROUTE, NETLINK_NETFILTER.
    ///   - groups: multicast groups by number.
    ///   - bufferBytes: size of the receive buffer; 0 for the system's own.
    init(family: Int32, groups: [Int] = [], bufferBytes: Int32 = 0) throws {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = highDescriptor(
            try retryingInterrupts("open a netlink socket") { socket(AF_NETLINK, type, family) })
        if bufferBytes > 0 {
            // The forced form passes net.core.rmem_max but takes CAP_NET_ADMIN in the machine's own user namespace.
            if !set(SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes) { _ = set(SOL_SOCKET, SO_RCVBUF, bufferBytes) }
        }
        // Without an address of its own a socket counts as the kernel, and gets none of the kernel's multicasts.
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        if bound != 0 {
            let number = errno
            close(descriptor)
            throw SystemError("bind a netlink socket", errorNumber: number)
        }
        for group in groups where !set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32(group)) {
            let number = errno
            close(descriptor)
            throw SystemError("subscribe to netlink group \(group)", errorNumber: number)
        }
    }

    deinit { close(descriptor) }

    /// Messages for which the socket had no room since it was opened (SO_MEMINFO); wraps round.
    var drops: UInt32 {
        var information = [UInt32](repeating: 0, count: SK_MEMINFO_VARS)
        var length = socklen_t(information.count * MemoryLayout<UInt32>.size)
        let index = SK_MEMINFO_DROPS
        guard getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &information, &length) == 0, index < information.count
        else { return 0 }
        return information[index]
    }

    func send(_ request: NetlinkRequest) throws {
        try send(request.bytes)
    }

    /// Several messages as one datagram.
    func send(_ messages: [UInt8]) throws {
        try retryingInterrupts("send a netlink request") {
            Glibc.send(descriptor, messages, messages.count, 0)
        }
    }

    enum Reception {
        case datagram(ArraySlice<UInt8>)
        case nothing
        /// ENOBUFS: the kernel threw messages away.
        case overrun
        case failed(Int32)
    }

    /// The next datagram.
    func receive(into buffer: inout [UInt8], waits: Bool = false) -> Reception {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, waits ? 0 : Int32(MSG_DONTWAIT))
            if count >= 0 { return .datagram(buffer[..<count]) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ENOBUFS: return .overrun
            default: return .failed(errno)
            }
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}
