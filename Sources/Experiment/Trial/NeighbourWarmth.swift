internal import Glibc
internal import LinuxSystem
internal import Wire

/// Sends one datagram to a neighbour from the network namespace of the calling thread, that goes no further than there
/// (TTL 1, the discard port).
///
/// The kernel keeps the hardware header of a neighbour only once a packet has used its entry. Without it a packet that is
/// translated inside a bridge (bridge-nf-call-iptables) leaves by the bridge's own device instead of the port alone.
func warm(_ address: IPAddress, by device: String) {
    let isIPv4 = address.isIPv4
    let descriptor = socket(
        isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let name = Array(device.utf8) + [0]
    setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count))
    var one: Int32 = 1
    setsockopt(
        descriptor, isIPv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6), isIPv4 ? IP_TTL : IPV6_UNICAST_HOPS, &one,
        socklen_t(MemoryLayout<Int32>.size))
    // struct sockaddr_in or sockaddr_in6, in the layout of their man pages.
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { bytes in
        bytes.storeBytes(of: sa_family_t(isIPv4 ? AF_INET : AF_INET6), as: sa_family_t.self)
        bytes[3] = 9
        for (index, byte) in address.bytes.enumerated() { bytes[(isIPv4 ? 4 : 8) + index] = byte }
        if !isIPv4 { bytes.storeBytes(of: if_nametoindex(device), toByteOffset: 24, as: UInt32.self) }
    }
    _ = withUnsafePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            sendto(descriptor, "", 0, Int32(MSG_DONTWAIT), $0, socklen_t(isIPv4 ? 16 : 28))
        }
    }
}
