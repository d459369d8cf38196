internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// A netlink socket of the namespace in which it was made, for requests or for events; works from any thread afterwards.
package final class NetlinkSocket: NetlinkChannel {
    package let descriptor: Int32
    package let portIdentifier: UInt32
    private let isClosed = Atomic<Bool>(false)

    /// Makes it in the calling thread's namespace. Throws `SystemError`.
    ///
    /// NETLINK_NO_ENOBUFS stays off: the kernel reports an overrun by ENOBUFS, and it is counted as a loss.
    ///
    /// - Parameters:
    ///   - groups: multicast groups by number.
    ///   - bufferBytes: size of the receive buffer; 0 for the system's own.
    package init(_ family: NetlinkFamily, groups: [Int] = [], bufferBytes: Int32 = 0) throws {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = highDescriptor(
            try retryingInterrupts("open a netlink socket") { socket(AF_NETLINK, type, family.rawValue) })
        do {
            portIdentifier = try Self.prepare(descriptor, groups: groups, bufferBytes: bufferBytes)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Closes it before its life ends. Nothing may use it afterwards.
    package func close() {
        if !isClosed.exchange(true, ordering: .relaxed) { Glibc.close(descriptor) }
    }

    /// Sets options, binds and subscribes. Gives the address that the kernel chose.
    private static func prepare(_ descriptor: Int32, groups: [Int], bufferBytes: Int32) throws -> UInt32 {
        if bufferBytes > 0 {
            // The forced form passes net.core.rmem_max but takes CAP_NET_ADMIN in the machine's own user namespace.
            if !set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes) {
                _ = set(descriptor, SOL_SOCKET, SO_RCVBUF, bufferBytes)
            }
        }
        // A kernel that never answers must not hold up the rest.
        _ = set(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 5, tv_usec: 0))
        // Refusals then come with a text, and without the request that they refuse.
        _ = set(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, Int32(1))
        _ = set(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, Int32(1))
        // Without an address of its own a socket counts as the kernel, and gets none of the kernel's multicasts.
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try retryingInterrupts("bind a netlink socket") { bind(descriptor, address, length) }
                try retryingInterrupts("bind a netlink socket") { getsockname(descriptor, address, &length) }
            }
        }
        for group in groups where !set(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32(group)) {
            throw SystemError("subscribe to netlink group \(group)", errorNumber: errno)
        }
        return address.nl_pid
    }

    private static func set(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: some BitwiseCopyable
    ) -> Bool {
        withUnsafeBytes(of: value) {
            setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count)) == 0
        }
    }

    /// The number of the socket's network namespace, which no other ever has (SO_NETNS_COOKIE); nil before Linux 5.14.
    package var namespaceCookie: UInt64? {
        var cookie: UInt64 = 0
        var size = socklen_t(MemoryLayout<UInt64>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : nil
    }

    /// Messages for which the socket had no room since it was opened (SO_MEMINFO); wraps round.
    package var drops: UInt32 {
        var information = [UInt32](repeating: 0, count: SK_MEMINFO_VARS)
        var length = socklen_t(information.count * MemoryLayout<UInt32>.size)
        let index = SK_MEMINFO_DROPS
        guard getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &information, &length) == 0, index < information.count
        else { return 0 }
        return information[index]
    }

    package func send(_ datagram: [UInt8]) throws {
        try retryingInterrupts("send a netlink request") { Glibc.send(descriptor, datagram, datagram.count, 0) }
    }

    /// Waits for a datagram, five seconds at most: then, and where the kernel dropped one, it throws `SystemError` with
    /// ETIMEDOUT or ENOBUFS.
    package func receive() throws -> [UInt8] {
        do {
            // 32 KiB is the most that the kernel puts into one datagram of a dump (netlink_dump in af_netlink.c).
            return try [UInt8](unsafeUninitializedCapacity: 32_768) { buffer, count in
                count = try retryingInterrupts("read a netlink reply") {
                    recv(descriptor, buffer.baseAddress, buffer.count, 0)
                }
            }
        } catch let error as SystemError where error.errorNumber == EAGAIN {
            throw SystemError(error.attempt, errorNumber: ETIMEDOUT)
        }
    }

    /// The next datagram of an event socket; does not wait.
    package func take(into buffer: inout [UInt8]) -> NetlinkReception {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return .datagram(buffer[..<count]) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ENOBUFS: return .overrun
            default: return .failed(errno)
            }
        }
    }
}
