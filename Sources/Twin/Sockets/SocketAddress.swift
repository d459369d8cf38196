internal import Glibc
internal import Wire

/// Calls `body` with `struct sockaddr_in` or `sockaddr_in6`, in the layout of their man pages.
func withSocketAddress<Value>(
    _ address: IPAddress, _ port: UInt16, device: String? = nil, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
) -> Value {
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { bytes in
        bytes.storeBytes(of: sa_family_t(address.isIPv4 ? AF_INET : AF_INET6), as: sa_family_t.self)
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 255)
        for (index, byte) in address.bytes.enumerated() { bytes[(address.isIPv4 ? 4 : 8) + index] = byte }
        if !address.isIPv4, let device {
            bytes.storeBytes(of: if_nametoindex(device), toByteOffset: 24, as: UInt32.self)
        }
    }
    return withUnsafePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(address.isIPv4 ? 16 : 28)) }
    }
}
