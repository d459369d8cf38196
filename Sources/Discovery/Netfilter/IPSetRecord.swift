internal import Netlink
internal import Network
internal import CNetlink
internal import Wire

/// One message of IPSET_CMD_LIST (linux/netfilter/ipset/ip_set.h): a set, or more members of the one before.
struct IPSetRecord {
    var set: IPSet

    /// - Parameter last: the set that the message before was about.
    init?(_ message: NetlinkMessage, after last: IPSet?) {
        guard Int32(message.type) == NFNL_SUBSYS_IPSET << 8 | Int32(IPSET_CMD_LIST.rawValue) else { return nil }
        set = IPSet(name: "", type: "")
        var members: ArraySlice<UInt8> = []
        for (type, value) in message.attributes(after: 4) {
            switch type {
            case Int(IPSET_ATTR_SETNAME): set.name = value.text
            case Int(IPSET_ATTR_TYPENAME): set.type = value.text
            case Int(IPSET_ATTR_FAMILY):
                set.family = NetfilterFamily.name(value.byte())
            case Int(IPSET_ATTR_ADT): members = value
            default: break
            }
        }
        if set.name.isEmpty { return nil }
        if set.type.isEmpty {
            // A large set is told in parts, of which the first alone says what it is.
            guard let last, last.name == set.name else { return nil }
            set.type = last.type
            set.family = last.family
        }
        let dimensions = set.type.split(separator: ":").last?.split(separator: ",") ?? []
        for case (Int(IPSET_ATTR_DATA), let member) in NetlinkAttributes(members) {
            set.members.append(Self.text(IPSetMember(NetlinkAttributes(member)), dimensions))
        }
    }

    /// As ipset(8) writes it, dimension by dimension.
    private static func text(_ member: IPSetMember, _ dimensions: [Substring]) -> String {
        var addresses = [member.first, member.second][...]
        let words = dimensions.map { dimension in
            switch dimension {
            case "ip", "net": addresses.popFirst().flatMap(\.self) ?? ""
            case "port": member.port ?? ""
            case "mac": member.mac?.description ?? ""
            case "iface": member.device ?? ""
            case "mark": member.mark ?? ""
            case "set": member.set ?? ""
            default: ""
            }
        }
        return words.filter { !$0.isEmpty }.joined(separator: ",") + (member.isException ? " nomatch" : "")
    }
}

/// What IPSET_ATTR_DATA says of one member.
private struct IPSetMember {
    /// An address, a prefix or a range.
    var first: String?
    var second: String?
    var port: String?
    var mac: MACAddress?
    var device: String?
    var mark: String?
    var set: String?
    var isException = false

    init(_ attributes: NetlinkAttributes) {
        first = Self.addresses(attributes, IPSET_ATTR_IP, to: IPSET_ATTR_IP_TO, length: IPSET_ATTR_CIDR)
        second = Self.addresses(attributes, IPSET_ATTR_IP2, to: IPSET_ATTR_IP2_TO, length: IPSET_ATTR_CIDR2)
        port = Self.port(attributes)
        for (type, value) in attributes {
            switch type {
            case Int(IPSET_ATTR_ETHER): mac = MACAddress(bytes: value)
            case Int(IPSET_ATTR_IFACE): device = value.text
            case Int(IPSET_ATTR_MARK): mark = value.networkUInt32().map { "0x" + String($0, radix: 16) }
            case Int(IPSET_ATTR_NAME): set = value.text
            case Int(IPSET_ATTR_CADT_FLAGS):
                let flags = value.networkUInt32() ?? 0
                isException = flags & IPSET_FLAG_NOMATCH.rawValue != 0
                if flags & IPSET_FLAG_PHYSDEV.rawValue != 0 { device = device.map { "physdev:" + $0 } }
            default: break
            }
        }
    }

    private static func addresses(
        _ attributes: NetlinkAttributes, _ from: some BinaryInteger, to last: some BinaryInteger,
        length: some BinaryInteger
    ) -> String? {
        func address(_ type: some BinaryInteger) -> IPAddress? {
            // Nested: IPSET_ATTR_IPADDR_IPV4 or IPSET_ATTR_IPADDR_IPV6.
            var nested = attributes.nested(Int(type))
            return nested?.next().flatMap { IPAddress(bytes: $0.value) }
        }
        guard let from = address(from) else { return nil }
        if let last = address(last), last != from { return "\(from)-\(last)" }
        guard let bits = attributes[Int(length)]?.byte(), Int(bits) < from.bitWidth else { return from.description }
        return "\(from)/\(bits)"
    }

    private static func port(_ attributes: NetlinkAttributes) -> String? {
        guard let port = attributes[Int(IPSET_ATTR_PORT)]?.networkUInt16() else { return nil }
        guard let code = attributes[Int(IPSET_ATTR_PROTO)]?.byte() else { return "\(port)" }
        let name = IPProtocol(rawValue: code)
        // ICMP has a type and a code in its place.
        let isICMP = name == .icmp || name == .icmpv6
        return isICMP ? "\(name):\(port >> 8)/\(port & 0xff)" : "\(name):\(port)"
    }
}

extension NetlinkConversation {
    /// All sets of the namespace with their members.
    mutating func ipSets() throws -> [IPSet] {
        var request = NetlinkRequest(subsystem: NFNL_SUBSYS_IPSET, message: IPSET_CMD_LIST.rawValue)
        request.append(IPSET_ATTR_PROTOCOL, UInt8(IPSET_PROTOCOL))
        var last: IPSet?
        let parts = try dump(request, "read the sets of ipset") { message -> IPSet? in
            guard let record = IPSetRecord(message, after: last) else { return nil }
            last = IPSet(name: record.set.name, type: record.set.type, family: record.set.family)
            return record.set
        }
        return parts.reduce(into: []) { sets, part in
            if let index = sets.indices.last, sets[index].name == part.name {
                sets[index].members += part.members
            } else {
                sets.append(part)
            }
        }
    }
}
