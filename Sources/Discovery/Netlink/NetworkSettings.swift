internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// What a setting of linux/netconf.h counts for: all devices together, or devices to come.
enum NetworkSettingsScope: Int32, CaseIterable {
    // NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT
    case all = -1
    case `default` = -2
}

extension NetlinkConversation {
    /// `net.ipv4.conf.all.…` or the like, of those that RTM_GETNETCONF tells. Empty where the family is switched off.
    mutating func networkSettings(_ scope: NetworkSettingsScope, isIPv4: Bool) throws -> [String: String] {
        // struct netconfmsg: the family.
        var request = NetlinkRequest(
            type: RTM_GETNETCONF, fixed: [UInt8(isIPv4 ? AF_INET : AF_INET6)])
        request.append(NETCONFA_IFINDEX, UInt32(bitPattern: scope.rawValue))
        do {
            guard let answer = try ask(request, "read the settings of all devices") else { return [:] }
            return Self.settings(answer, scope: scope, isIPv4: isIPv4)
        } catch let error as SystemError where error.errorNumber == EOPNOTSUPP || error.errorNumber == EAFNOSUPPORT {
            return [:]
        }
    }

    static func settings(_ message: NetlinkMessage, scope: NetworkSettingsScope, isIPv4: Bool) -> [String: String] {
        var settings: [String: String] = [:]
        let prefix = "net.\(isIPv4 ? "ipv4" : "ipv6").conf.\(scope)"
        for (type, value) in message.attributes(after: 1) {
            guard let number = value.hostInt32() else { continue }
            switch type {
            case Int(NETCONFA_FORWARDING):
                settings["\(prefix).forwarding"] = "\(number)"
                // The same variable under its older name (ip-sysctl in the kernel's documentation).
                if isIPv4, scope == .all { settings["net.ipv4.ip_forward"] = "\(number)" }
            // Of `all`: whether a multicast routing daemon has taken over (ip_mroute_setsockopt, ip6_mroute_setsockopt).
            case Int(NETCONFA_MC_FORWARDING) where scope == .all: settings["\(prefix).mc_forwarding"] = "\(number)"
            case Int(NETCONFA_RP_FILTER): settings["\(prefix).rp_filter"] = "\(number)"
            case Int(NETCONFA_PROXY_NEIGH): settings["\(prefix).\(isIPv4 ? "proxy_arp" : "proxy_ndp")"] = "\(number)"
            default: break
            }
        }
        return settings
    }
}
