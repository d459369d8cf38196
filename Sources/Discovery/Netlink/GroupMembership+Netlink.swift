internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Network
internal import Wire

extension GroupMembership {
    /// From an answer to RTM_GETMULTICAST: `struct ifaddrmsg` and IFA_MULTICAST. Nil for the groups that every device is
    /// in: all hosts, all routers, and those of neighbour discovery (RFC 4291, 2.7.1).
    init?(_ message: NetlinkMessage, names: [UInt32: String]) {
        guard message.payload.count >= MemoryLayout<ifaddrmsg>.size, let index = message.payload.hostUInt32(at: 4),
            let device = names[index]
        else { return nil }
        var group: IPAddress?
        for (type, value) in message.attributes(after: MemoryLayout<ifaddrmsg>.size)
        where type == Int(IFA_MULTICAST) || type == Int(IFA_ADDRESS) && group == nil {
            group = IPAddress(bytes: value)
        }
        guard let group, group.isMulticast, !group.isEveryones else { return nil }
        self.init(device: device, group: group)
    }
}

extension NetlinkConversation {
    /// The groups of a family that devices have joined; nil where the kernel does not tell by netlink (of IPv4 since
    /// Linux 6.15, of IPv6 since 2.6).
    mutating func memberships(isIPv4: Bool, names: [UInt32: String]) throws -> [GroupMembership]? {
        let request = NetlinkRequest(
            type: Int32(RTM_GETMULTICAST), structure: ifaddrmsg(family: isIPv4 ? AF_INET : AF_INET6))
        do {
            return try dump(request, "read the multicast groups") { GroupMembership($0, names: names) }
        } catch let error as SystemError where [EOPNOTSUPP, EAFNOSUPPORT, EINVAL].contains(error.errorNumber) {
            return nil
        }
    }
}

extension GroupMembership {
    /// The IPv4 groups of the calling thread's namespace by its /proc/net/igmp: a line for each device, then one for each
    /// group, its address in hexadecimal as it lies in memory.
    static func read(igmp text: String) -> [GroupMembership] {
        var device: Substring?
        var memberships: [GroupMembership] = []
        for line in text.split(separator: "\n").dropFirst() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first else { continue }
            if line.first?.isWhitespace == false {
                // A long name has the colon at its end.
                device = words.dropFirst().first.map { $0.hasSuffix(":") ? $0.dropLast() : $0 }
            } else if let device, let number = UInt32(first, radix: 16) {
                let group = IPAddress(ipv4: UInt32(bigEndian: number))
                if group.isMulticast, !group.isEveryones {
                    memberships.append(GroupMembership(device: String(device), group: group))
                }
            }
        }
        return memberships
    }
}

extension ifaddrmsg {
    fileprivate init(family: Int32) {
        self.init()
        ifa_family = UInt8(family)
    }
}

extension IPAddress {
    /// A group that hosts or routers join by themselves: nothing follows from it.
    fileprivate var isEveryones: Bool {
        if isIPv4 { return self == IPAddress(ipv4: 0xe000_0001) }
        // ff01::1, ff02::1, ff01::2, ff02::2, ff05::2; ff02::1:ff00:0/104.
        let scope = high >> 48
        if high & 0xffff_ffff_ffff == 0, low == 1 || low == 2 { return [0xff01, 0xff02, 0xff05].contains(scope) }
        return high == 0xff02 << 48 && low >> 24 == 0x1ff
    }
}
