internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// One RTM_NEWADDR (rtnetlink(7)): an address and the device that holds it.
struct AddressRecord {
    var index: UInt32
    var prefix: IPPrefix
    /// Duplicate address detection found that somebody else has it (IFA_F_DADFAILED, RFC 4862): the kernel neither sends
    /// from it nor answers for it.
    var isDuplicate: Bool
    /// Its label still says the device's name where that is all it says.
    var detail: Link.AddressDetail

    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWADDR), header.count >= MemoryLayout<ifaddrmsg>.size,
            let length = header.byte(at: 1), let index = header.hostUInt32(at: 4)
        else { return nil }
        var local: IPAddress?
        var address: IPAddress?
        var flags = UInt32(header.byte(at: 2) ?? 0)
        var label: String?
        var preferred = UInt32.max
        var valid = UInt32.max
        for (type, value) in message.attributes(after: MemoryLayout<ifaddrmsg>.size) {
            // On a point-to-point device IFA_ADDRESS is the far end's, IFA_LOCAL one's own.
            if type == Int(IFA_LOCAL) { local = IPAddress(bytes: value) }
            if type == Int(IFA_ADDRESS) { address = IPAddress(bytes: value) }
            if type == Int(IFA_FLAGS) { flags = value.hostUInt32(at: 0) ?? flags }
            if type == Int(IFA_LABEL) { label = value.text }
            if type == Int(IFA_CACHEINFO) {
                // struct ifa_cacheinfo: preferred, valid, in seconds.
                preferred = value.hostUInt32(at: 0) ?? .max
                valid = value.hostUInt32(at: 4) ?? .max
            }
        }
        guard let own = local ?? address, let prefix = IPPrefix(own, length: Int(length)) else { return nil }
        self.index = index
        self.prefix = prefix
        isDuplicate = flags & UInt32(IFA_F_DADFAILED) != 0
        let scope = RouteScope(code: header.byte(at: 3) ?? 0)
        let flagNames = Self.flagNames(flags, isIPv4: own.isIPv4)
        detail = Link.AddressDetail(
            address: prefix,
            peer: address.flatMap { local == nil || $0 == own ? nil : IPPrefix($0, length: Int(length)) },
            scope: scope == Self.usualScope(own) ? nil : scope, flags: flagNames.isEmpty ? nil : flagNames,
            label: label, validSeconds: valid == .max ? nil : valid,
            preferredSeconds: preferred == .max ? nil : preferred)
    }

    private static func usualScope(_ address: IPAddress) -> RouteScope {
        if address.isLoopback { return .host }
        return !address.isIPv4 && address.isLinkLocal ? .link : .global
    }

    private static func flagNames(_ flags: UInt32, isIPv4: Bool) -> [AddressFlag] {
        if flags & ~UInt32(IFA_F_PERMANENT) == 0 { return [] }
        // One bit has a name in each family. Permanent is what has no lifetime.
        let names: [(Int32, AddressFlag)] = [
            (IFA_F_SECONDARY, isIPv4 ? .secondary : .temporary), (IFA_F_NODAD, .noDuplicateDetection),
            (IFA_F_OPTIMISTIC, .optimistic), (IFA_F_DADFAILED, .duplicate), (IFA_F_HOMEADDRESS, "home"),
            (IFA_F_DEPRECATED, .deprecated), (IFA_F_TENTATIVE, .tentative), (IFA_F_MANAGETEMPADDR, "mngtmpaddr"),
            (IFA_F_NOPREFIXROUTE, .noPrefixRoute), (IFA_F_MCAUTOJOIN, "autojoin"),
            (IFA_F_STABLE_PRIVACY, "stable-privacy"),
        ]
        return names.compactMap { flags & UInt32($0.0) != 0 ? $0.1 : nil }
    }
}
