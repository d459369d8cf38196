internal import Glibc
internal import LinuxSystem
internal import Wire

/// What a multicast routing daemon does for one group: the kernel forwards what comes by one device, from whomever, by others.
///
/// It ends with the socket. (linux/mroute.h, linux/mroute6.h)
final class MulticastRouter: Sendable {
    private let descriptor: Int32

    /// MRT_INIT and its like have the same numbers in both families.
    private static let (begin, addDevice, addAnySource): (Int32, Int32, Int32) = (200, 202, 210)
    /// MAXVIFS and MAXMIFS.
    private static let deviceLimit = 32

    /// Begins in the network namespace of the calling thread. Throws `SystemError`; EADDRINUSE where a daemon runs.
    init(group: IPAddress, from device: String, to others: [String]) throws {
        let isIPv4 = group.isIPv4
        let level = Int32(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6)
        let attempt = "forward \(group) from \(device)"
        let descriptor = try retryingInterrupts(attempt) {
            socket(
                isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
                Int32(isIPv4 ? IPPROTO_IGMP : IPPROTO_ICMPV6))
        }
        self.descriptor = descriptor
        func set(_ option: Int32, _ bytes: [UInt8]) throws {
            try retryingInterrupts(attempt) { setsockopt(descriptor, level, option, bytes, socklen_t(bytes.count)) }
        }
        try set(Self.begin, Self.bytes(Int32(1)))
        let devices = [device] + others.prefix(Self.deviceLimit - 1)
        for (number, name) in devices.enumerated() {
            let index = if_nametoindex(name)
            guard index != 0 else { throw SystemError("find the device \(name)", errorNumber: ENODEV) }
            // struct vifctl with VIFF_USE_IFINDEX; struct mif6ctl.
            let place = Self.bytes(UInt16(number)) + [isIPv4 ? 8 : 0, 1]
            try set(
                Self.addDevice,
                isIPv4
                    ? place + Self.bytes(UInt32(0)) + Self.bytes(index) + Self.bytes(UInt32(0))
                    : place + Self.bytes(UInt16(truncatingIfNeeded: index)) + [0, 0] + Self.bytes(UInt32(0)))
        }
        try set(
            Self.addAnySource,
            isIPv4 ? Self.ipv4Entry(group, count: devices.count) : Self.ipv6Entry(group, count: devices.count))
    }

    deinit { close(descriptor) }

    private static func bytes(_ value: some FixedWidthInteger & BitwiseCopyable) -> [UInt8] {
        withUnsafeBytes(of: value) { [UInt8]($0) }
    }

    /// struct mfcctl: origin, group, the device that it comes by, from which TTL on by each; four counters. The kernel takes an entry of
    /// any source only for devices that are among those by which it goes out, and sends nothing back.
    private static func ipv4Entry(_ group: IPAddress, count: Int) -> [UInt8] {
        let limits = (0..<deviceLimit).map { UInt8($0 < count ? 1 : 255) }
        return [0, 0, 0, 0] + group.bytes + bytes(UInt16(0)) + limits + [UInt8](repeating: 0, count: 2 + 16)
    }

    /// struct mf6cctl: origin and group as struct sockaddr_in6, the device that it comes by, a set of all of them.
    private static func ipv6Entry(_ group: IPAddress, count: Int) -> [UInt8] {
        func address(_ bytes: [UInt8]) -> [UInt8] {
            Self.bytes(UInt16(AF_INET6)) + [UInt8](repeating: 0, count: 6) + bytes + [0, 0, 0, 0]
        }
        let all = (0..<count).reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
        return address([UInt8](repeating: 0, count: 16)) + address(group.bytes) + bytes(UInt16(0)) + [0, 0]
            + bytes(all) + [UInt8](repeating: 0, count: 28)
    }
}
