internal import Glibc
public import LinuxSystem
public import Network
internal import Wire

/// Sockets that are members of multicast groups, as programs on the host are. They end with the process.
public final class JoinedGroups {
    /// What could not be joined, a sentence each.
    public private(set) var failures: [String] = []
    private var descriptors: [Int32] = []

    /// MCAST_JOIN_GROUP of linux/in.h, of both families.
    private static let join: Int32 = 42

    public init() {}

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// Throws `SystemError` where the namespace can't be entered.
    public func join(_ groups: [GroupMembership], in namespace: NetworkNamespaceFile, name: String) throws {
        guard !groups.isEmpty else { return }
        let results = try namespace.perform { groups.map(Self.open) }
        for (membership, result) in zip(groups, results) {
            if result >= 0 {
                descriptors.append(result)
            } else {
                failures.append(
                    "\(membership.group) is not joined on \(membership.device) in \(name): \(String(cString: strerror(-result)))"
                )
            }
        }
    }

    /// A socket for each: one may be a member of few only. Gives the descriptor, or a negative errno.
    private static func open(_ membership: GroupMembership) -> Int32 {
        let index = if_nametoindex(membership.device)
        guard index != 0 else { return -ENODEV }
        let isIPv4 = membership.group.isIPv4
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = highDescriptor(socket(isIPv4 ? AF_INET : AF_INET6, type, 0))
        guard descriptor >= 0 else { return -errno }
        // struct group_req: the device's number, and at 8 struct sockaddr_storage.
        var request = [UInt8](repeating: 0, count: 8 + MemoryLayout<sockaddr_storage>.size)
        withUnsafeBytes(of: index) { request.replaceSubrange(0..<4, with: $0) }
        withSocketAddress(membership.group, 0) { address, length in
            request.replaceSubrange(
                8..<(8 + Int(length)), with: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
        let level = Int32(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6)
        if setsockopt(descriptor, level, join, request, socklen_t(request.count)) == 0 { return descriptor }
        let number = errno
        close(descriptor)
        return -number
    }
}
