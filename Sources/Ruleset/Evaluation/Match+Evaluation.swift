internal import Network
internal import Wire

extension Match {
    /// Whether a packet meets the condition at a place.
    package func evaluate(_ packet: PacketState, at site: RuleSite) -> Truth {
        let truth = field.truth(of: values, mask: mask, packet, site, isNegated: isNegated)
        guard isMetWithoutConnection else { return truth }
        return switch packet.connection {
        case .invalid, .untracked: .holds
        case nil: truth == .holds ? .holds : .unknown
        default: truth
        }
    }
}

extension VerdictMap {
    /// The action of the key that a packet surely has, and those of keys before it that it may have.
    func look(_ packet: PacketState, at site: RuleSite) -> (certain: RuleAction?, possible: [RuleAction]) {
        var possible: [RuleAction] = []
        for entry in entries {
            switch field.truth(of: [entry.key], mask: mask, packet, site, isNegated: false) {
            case .holds: return (entry.action, possible)
            case .unknown: possible.append(entry.action)
            case .fails: continue
            }
        }
        return (nil, possible)
    }
}

extension RuleField {
    /// What a packet has in a field.
    private enum Reading {
        case address(IPAddress)
        case number(UInt64)
        /// Of a device; empty for none.
        case name(String)
        case mac(MACAddress)
        case unknown

        init(_ value: (some BinaryInteger)?) { self = value.map { .number(UInt64($0)) } ?? .unknown }
        init(_ value: MACAddress?) { self = value.map { .mac($0) } ?? .unknown }
    }

    func truth(
        of values: [RuleValue], mask: UInt64?, _ packet: PacketState, _ site: RuleSite, isNegated: Bool
    ) -> Truth {
        // What a packet does not have fails either way.
        if isAbsent(packet) { return .fails }
        if values.isEmpty { return .unknown }
        let truth =
            switch self {
            case .port(nil, _):
                Self.port(.source, nil).truth(of: values, mask: mask, packet, site, isNegated: false)
                    || Self.port(.destination, nil).truth(of: values, mask: mask, packet, site, isNegated: false)
            case .fragmentOffset: Self.fragment(packet, values, mask)
            case .concatenation(let parts): values.any { Self.tuple(parts, $0, packet, site) }
            case .recent(let list): list.truth(packet, site)
            case .addressType, .networkProtocol, .connectionState, .connectionStatus, .connectionDirection, .isBridged:
                values.any { words($0, packet, site) }
            default: Self.compare(read(packet, site), values, mask)
            }
        return isNegated ? truth.negated : truth
    }

    /// Whether a packet of this kind has no such field.
    func isAbsent(_ packet: PacketState) -> Bool {
        switch self {
        case .arp, .arpAddress: return !packet.isARP
        case .concatenation(let parts): return parts.contains { $0.isAbsent(packet) }
        default: break
        }
        // An ARP packet has no IP header.
        if packet.isARP, isOfIP { return true }
        return isAbsentInIP(packet)
    }

    private var isOfIP: Bool {
        switch self {
        case .address, .transportProtocol, .timeToLive, .length, .fragmentOffset, .port, .icmpType, .icmpCode,
            .tcpFlags, .dscp, .ipVersion, .unread:
            true
        default: false
        }
    }

    private func isAbsentInIP(_ packet: PacketState) -> Bool {
        switch self {
        case .port where packet.fragment == .later, .icmpType where packet.fragment == .later,
            .icmpCode where packet.fragment == .later, .tcpFlags where packet.fragment == .later,
            .unread(.some, _, _) where packet.fragment == .later:
            true
        // A header of its own, which only fragments have.
        case .fragmentOffset(.ipv6): packet.source.isIPv4 || packet.fragment == nil
        case .address(_, let family?), .transportProtocol(let family?), .timeToLive(let family?),
            .length(let family?), .fragmentOffset(let family?), .dscp(let family?), .ipVersion(let family):
            packet.source.family != family
        case .unread(let number, let family, _):
            number.map { $0 != packet.ipProtocol } ?? false || family.map { $0 != packet.source.family } ?? false
        case .port(_, let number?): !packet.hasPorts || number != packet.ipProtocol
        case .icmpType(let isIPv6), .icmpCode(let isIPv6):
            packet.ipProtocol != (isIPv6 ? .icmpv6 : .icmp) || packet.source.isIPv4 == isIPv6
        case .tcpFlags: packet.ipProtocol != .tcp
        // Without an entry of conntrack nothing of one is there.
        case .connectionMark, .connectionStatus, .connectionDirection:
            packet.connection == .untracked || packet.connection == .invalid
        default: false
        }
    }

    private static func tuple(
        _ fields: [RuleField], _ value: RuleValue, _ packet: PacketState, _ site: RuleSite
    ) -> Truth {
        switch value {
        case .named(_, let elements): return elements.any { tuple(fields, $0, packet, site) }
        case .any: return .holds
        case .tuple(let parts) where parts.count == fields.count:
            var result = Truth.holds
            for (field, part) in zip(fields, parts) {
                result = result && field.truth(of: [part], mask: nil, packet, site, isNegated: false)
                if result == .fails { break }
            }
            return result
        default: return .unknown
        }
    }

    // MARK: Fragments

    /// Of a later fragment no more is known than that its offset is not 0.
    private static func fragment(_ packet: PacketState, _ values: [RuleValue], _ mask: UInt64?) -> Truth {
        let bits = mask ?? 0xffff
        switch packet.fragment {
        case .first: return compare(.number(packet.source.isIPv4 ? 0x2000 : 0), values, bits)
        case .later:
            guard !packet.source.isIPv4 || bits & 0x1fff == 0x1fff else { return .unknown }
            return values.any { value in
                if case .numbers(let range) = value, range.upperBound == 0 { .fails } else { .unknown }
            }
        case nil:
            // DF.
            guard let flag = packet.dontFragment, packet.source.isIPv4 else {
                return bits & 0x4000 == 0 || !packet.source.isIPv4 ? compare(.number(0), values, bits) : .unknown
            }
            return compare(.number(flag ? 0x4000 : 0), values, bits)
        }
    }

    // MARK: Fields with one value

    private func read(_ packet: PacketState, _ site: RuleSite) -> Reading {
        switch self {
        case .address(.source, _): packet.isSourceKnown ? .address(packet.source) : .unknown
        case .address(.destination, _): packet.isDestinationKnown ? .address(packet.destination) : .unknown
        // Of a protocol without ports it is other bytes.
        case .port where !packet.hasPorts: .unknown
        case .port(let end, _): Reading(end == .source ? packet.sourcePort : packet.destinationPort)
        case .transportProtocol: .number(UInt64(packet.ipProtocol.rawValue))
        case .device(let direction, _): .name((direction == .in ? site.inDevice : site.outDevice) ?? "")
        case .bridgePort(.in) where site.hasPhysicalInDevice(packet) == .unknown: .unknown
        case .bridgePort(.in) where site.hasPhysicalInDevice(packet) == .fails: .name("")
        case .bridgePort(let direction):
            .name((direction == .in ? site.physicalInDevice : site.physicalOutDevice) ?? "")
        case .mark: Reading(packet.isMarkKnown ? packet.mark : nil)
        case .connectionMark: Reading(packet.connectionMark(at: site))
        case .icmpType: Reading(packet.icmpType)
        case .icmpCode: Reading(packet.icmpCode)
        case .tcpFlags: Reading(packet.tcpFlags)
        case .timeToLive: Reading(packet.ttl)
        case .length(.ipv6): Reading(packet.length >= 40 ? packet.length - 40 : nil)
        case .length: Reading(packet.length > 0 ? packet.length : nil)
        case .dscp: Reading(packet.dscp)
        case .ipVersion: .number(packet.source.isIPv4 ? 4 : 6)
        case .arpAddress(let end): .address(end == .source ? packet.source : packet.destination)
        case .arp(let field): Reading(field.ofEthernet ?? packet.arpOperation.map(UInt64.init))
        case .mac(let end): Reading(end == .source ? packet.macSource : packet.macDestination)
        default: .unknown
        }
    }

    private static func compare(_ reading: Reading, _ values: [RuleValue], _ mask: UInt64?) -> Truth {
        values.any { value in
            switch (reading, value) {
            case (_, .named(_, let elements)): compare(reading, elements, mask)
            case (_, .any): .holds
            case (.address(let address), .maskedAddress): value.truth(address)
            case (.address(let address), .prefix(let prefix)): Truth(prefix.contains(address))
            case (.address(let address), .addresses(let range)): Truth(range.contains(address))
            case (.number(let number), .numbers(let range)): Truth(range.contains(number & (mask ?? .max)))
            case (.name(let name), .device(let wanted, let isPrefix)):
                Truth(!name.isEmpty && (isPrefix ? name.hasPrefix(wanted) : name == wanted))
            case (.mac(let mac), .mac(let wanted)): Truth(mac == wanted)
            default: .unknown
            }
        }
    }

    // MARK: Fields with words

    private func words(_ value: RuleValue, _ packet: PacketState, _ site: RuleSite) -> Truth {
        switch value {
        case .named(_, let elements): elements.any { words($0, packet, site) }
        case .any: .holds
        case .word(let word): has(word, packet, site)
        default: .unknown
        }
    }

    private func has(_ word: String, _ packet: PacketState, _ site: RuleSite) -> Truth {
        switch self {
        case .addressType(let end) where !(end == .source ? packet.isSourceKnown : packet.isDestinationKnown): .unknown
        case .addressType(let end):
            Truth(site.namespace.addressType(of: end == .source ? packet.source : packet.destination).rawValue == word)
        case .networkProtocol where packet.isARP: Truth(word == "arp")
        case .networkProtocol: Truth((packet.source.isIPv4 ? ["ipv4", "ip"] : ["ipv6", "ip6"]).contains(word))
        // iptables has what nft calls a status among its states.
        case .connectionState, .connectionStatus:
            switch word {
            case "snat": Truth(packet.isSourceTranslated)
            case "dnat": Truth(packet.isDestinationTranslated)
            // IPS_SEEN_REPLY makes the state another.
            case "seen-reply", "seen_reply", "assured": packet.connection == .new ? .fails : .unknown
            default: self == .connectionState ? Truth(packet.connection.map { $0.rawValue == word }) : .unknown
            }
        case .connectionDirection: Truth((packet.isReply ? "reply" : "original") == word)
        case .isBridged(let direction):
            (direction == .out ? .holds : site.hasPhysicalInDevice(packet))
                && Truth(direction == .in || site.physicalOutDevice != nil)
        default: .unknown
        }
    }
}

extension RecentList {
    /// By the lists as they were read, after the packet where that can be: what the packet itself noted is in them.
    fileprivate func truth(_ packet: PacketState, _ site: RuleSite) -> Truth {
        if operation == .set { return .holds }
        guard let lists = site.namespace.netfilter.recent, others.isEmpty else { return .unknown }
        let address = isDestination ? packet.destination : packet.source
        guard let entry = lists.first(where: { $0.list == name && $0.address == address }) else { return .fails }
        guard seconds != nil || hits != nil else { return .holds }
        let limit = seconds ?? .infinity
        return Truth(entry.secondsAgo.count { $0 <= limit } >= max(1, hits ?? 1))
    }
}
