internal import Network
internal import Wire

/// What a packet is, in the words that explain why a condition did not hold.
extension Match {
    /// What the packet is instead of what the condition asks: `came in by mybridge`.
    package func explanation(_ packet: PacketState, at site: RuleSite) -> String {
        field.explanation(packet, site)
    }

    /// Why it can't be told whether the condition of a rule holds.
    func doubt(_ rule: CompiledRule, _ packet: PacketState, at site: RuleSite) -> String {
        let isReadable =
            !values.isEmpty
            && values.allSatisfy {
                switch $0 {
                case .unreadable, .named: false
                default: true
                }
            }
        if isReadable { return explanation(packet, at: site) }
        return "\(rule.isNftables ? field.nftName : iptablesText) can't be told from here"
    }
}

extension RuleField {
    func explanation(_ packet: PacketState, _ site: RuleSite) -> String {
        if isAbsent(packet) { return absence(packet) }
        return switch self {
        case .address(.source, _) where !packet.isSourceKnown: "its source is not known"
        case .address(.destination, _) where !packet.isDestinationKnown: "its destination is not known"
        case .address(let end, _):
            end == .source ? "its source is \(packet.source)" : "its destination is \(packet.destination)"
        case .addressType(let end):
            addressType(of: end == .source ? packet.source : packet.destination, site.namespace)
        case .port(.source, _): known(packet.sourcePort, "its source port")
        case .port(_, _): known(packet.destinationPort, "its destination port")
        case .transportProtocol: protocolName(packet)
        case .networkProtocol: family(packet)
        case .device(.in, _): site.inDevice.map { "came in by \($0)" } ?? "was sent here"
        case .device(.out, _): site.outDevice.map { "leaves by \($0)" } ?? "has no way out chosen yet"
        case .bridgePort(.in): site.physicalInDevice.map { "came in by port \($0)" } ?? "it is not at a bridge's port"
        case .bridgePort(.out): site.physicalOutDevice.map { "leaves by port \($0)" } ?? "it is not at a bridge's port"
        case .isBridged(let direction): bridging(direction, site)
        case .connectionState: state(packet.connection)
        case .connectionStatus: status(packet)
        case .connectionDirection: packet.isReply ? "it is a reply" : "it is not a reply"
        case .connectionMark: known(packet.connectionMark, "its connection's mark")
        case .mark: packet.isMarkKnown ? "its mark is 0x\(String(packet.mark, radix: 16))" : "its mark is not known"
        case .icmpType(let isIPv6):
            known(packet.icmpType.map { ICMPType($0, isIPv6: isIPv6).ruleName }, "its ICMP type")
        case .icmpCode: known(packet.icmpCode, "its ICMP code")
        case .tcpFlags: "its TCP flags are others"
        case .timeToLive: known(packet.ttl, "its TTL")
        case .length: known(packet.length > 0 ? packet.length : nil, "its length")
        case .dscp: known(packet.dscp, "its DSCP")
        case .ipVersion: family(packet)
        case .fragmentOffset: packet.fragment == .later ? "it is a later fragment" : "it is no later fragment"
        case .mac(.source): known(packet.macSource, "its MAC source")
        case .mac(.destination): known(packet.macDestination, "its MAC destination")
        case .arpAddress(let end):
            end == .source ? "its sender is \(packet.source)" : "its target is \(packet.destination)"
        case .arp: packet.arpOperation == 1 ? "it is a request" : "it is a reply"
        case .concatenation(let parts): parts.map { $0.explanation(packet, site) }.joined(separator: ", ")
        case .recent(let list): Self.entries(of: list, packet, site)
        case .socketOwner, .ipset, .limit, .unread, .other: "it has another value"
        }
    }

    private static func entries(of list: RecentList, _ packet: PacketState, _ site: RuleSite) -> String {
        let address = list.isDestination ? packet.destination : packet.source
        guard let known = site.namespace.netfilter.recent else { return "the list \(list.name) was not read" }
        let entry = known.first { $0.list == list.name && $0.address == address }
        guard let entry, let last = entry.secondsAgo.min() else { return "\(address) is not in the list \(list.name)" }
        return "the list \(list.name) saw \(address) \(entry.secondsAgo.count) times, the last \(Int(last)) s ago"
    }

    private func absence(_ packet: PacketState) -> String {
        switch self {
        case .port where packet.hasPorts && packet.fragment == .later, .tcpFlags where packet.fragment == .later:
            "a later fragment has no ports"
        case .icmpType where packet.fragment == .later, .icmpCode where packet.fragment == .later:
            "a later fragment has no ICMP type"
        case .address, .transportProtocol, .timeToLive, .length, .fragmentOffset, .dscp, .ipVersion, .arp,
            .arpAddress:
            family(packet)
        case .unread(_, let family?, _) where packet.isARP || family != packet.source.family: self.family(packet)
        case .connectionStatus, .connectionMark, .connectionDirection: state(packet.connection)
        case .concatenation(let parts): parts.first { $0.isAbsent(packet) }?.absence(packet) ?? ""
        default: protocolName(packet)
        }
    }

    private func known(_ value: (some CustomStringConvertible)?, _ name: String) -> String {
        value.map { "\(name) is \($0)" } ?? "\(name) is not known"
    }

    private func family(_ packet: PacketState) -> String {
        packet.isARP ? "it is ARP" : packet.source.isIPv4 ? "it is IPv4" : "it is IPv6"
    }

    private func protocolName(_ packet: PacketState) -> String {
        packet.isARP
            ? "it is ARP"
            : "it is \(packet.ipProtocol == .icmpv6 ? "ICMPv6" : packet.ipProtocol.description.uppercased())"
    }

    private func addressType(of address: IPAddress, _ namespace: Namespace) -> String {
        "\(address) is \(namespace.addressType(of: address) == .local ? "an" : "no") address of \(namespace.name)"
    }

    private func bridging(_ direction: Direction?, _ site: RuleSite) -> String {
        switch direction {
        case .in: site.physicalInDevice.map { "came in by port \($0)" } ?? "came in by no port"
        case .out: site.physicalOutDevice.map { "leaves by port \($0)" } ?? "leaves by no known port"
        case nil: site.physicalOutDevice == nil ? "it is not bridged" : "it is bridged"
        }
    }

    private func state(_ connection: ConnectionState?) -> String {
        switch connection {
        case .new: "the connection is new"
        case .established: "the connection is established"
        case .related: "it belongs to another connection"
        case .invalid: "conntrack calls it invalid"
        case .untracked: "it is not tracked"
        case nil: "the connection's state is not known"
        }
    }

    private func status(_ packet: PacketState) -> String {
        switch packet.isDestinationTranslated {
        case true?: "its destination was translated"
        case false?: "its destination was not translated"
        case nil: "whether it was translated is not known"
        }
    }
}
