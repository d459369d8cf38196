internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes
internal import Wire

/// Data of a TCP connection that is open: no socket of the rebuilt network has it, only the tables of connections.
///
/// It goes out by a raw socket, so through routing and all hooks of output. What answers it is no one's.
enum ConnectionSegment {
    /// Sends it. Gives the errno where it did not leave, else 0. Throws `SystemError` where the namespace can't be entered.
    static func send(_ request: PacketRequest, in namespace: NetworkNamespaceFile, label: PacketLabel) throws -> Int32 {
        guard let source = request.source, let port = request.sourcePort else { return EINVAL }
        let segment = bytes(from: source, port, to: request.destination, request.destinationPort, label.bytes)
        return try namespace.perform {
            let isIPv4 = source.isIPv4
            let descriptor = socket(
                isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_TCP)
            )
            guard descriptor >= 0 else { return errno }
            defer { close(descriptor) }
            if let device = request.device {
                let name = Array(device.utf8) + [0]
                setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count))
            }
            if var mark = request.mark {
                setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, socklen_t(MemoryLayout<UInt32>.size))
            }
            if withAddress(source, { Glibc.bind(descriptor, $0, $1) }) != 0 { return errno }
            let sent = withAddress(request.destination) { address, size in
                sendto(descriptor, segment, segment.count, Int32(MSG_DONTWAIT), address, size)
            }
            return sent < 0 ? errno : 0
        }
    }

    /// RFC 9293: ports, numbers, PSH and ACK, the checksum over the pseudo header too.
    static func bytes(
        from source: IPAddress, _ sourcePort: UInt16, to destination: IPAddress, _ destinationPort: UInt16,
        _ payload: [UInt8]
    ) -> [UInt8] {
        func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
        var segment = pair(sourcePort) + pair(destinationPort)
        segment += [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18] + pair(0x4000) + [0, 0, 0, 0] + payload
        let pseudo = source.bytes + destination.bytes + [0, 6] + pair(UInt16(segment.count))
        var sum: UInt32 = 0
        let covered = pseudo + segment
        for index in stride(from: 0, to: covered.count, by: 2) {
            sum += UInt32(covered[index]) << 8 | (index + 1 < covered.count ? UInt32(covered[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        segment[16] = UInt8(~sum >> 8 & 255)
        segment[17] = UInt8(~sum & 255)
        return segment
    }

    private static func withAddress<Value>(
        _ address: IPAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        // struct sockaddr_in or sockaddr_in6, in the layout of their man pages; raw sockets have no port.
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: sa_family_t(address.isIPv4 ? AF_INET : AF_INET6), as: sa_family_t.self)
            for (index, byte) in address.bytes.enumerated() { bytes[(address.isIPv4 ? 4 : 8) + index] = byte }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(address.isIPv4 ? 16 : 28)) }
        }
    }
}
