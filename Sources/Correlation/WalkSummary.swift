internal import WalkModel
import Wire

/// One line on what a packet is: `ICMP echo request id 5001 seq 1`, `TCP SYN 40112 → 443`.
func summary(of sighting: Sighting, detail: PacketDetail?) -> String {
    if sighting.network == .arp {
        return sighting.icmpSequence == 2
            ? "ARP \(sighting.source) is at \(MACAddress(value: sighting.macSource))"
            : "ARP who-has \(sighting.destination)"
    }
    if sighting.has(Sighting.isFragment), !sighting.has(Sighting.hasTransport) {
        return "\(IPProtocol(rawValue: sighting.ipProtocol)) fragment at \(sighting.fragmentOffset)"
    }
    switch IPProtocol(rawValue: sighting.ipProtocol) {
    case .icmp: return icmpSummary(sighting, detail)
    case .icmpv6: return icmpv6Summary(sighting, detail)
    case .tcp:
        let length = sighting.payloadLength > 0 ? ", \(sighting.payloadLength) bytes" : ""
        return "TCP \(flagNames(sighting.tcpFlags)) \(sighting.sourcePort) → \(sighting.destinationPort)\(length)"
    case .udp:
        return "UDP \(sighting.sourcePort) → \(sighting.destinationPort), \(sighting.payloadLength) bytes"
    case .sctp:
        return "SCTP \(sighting.sourcePort) → \(sighting.destinationPort), \(sighting.payloadLength) bytes"
    case let other:
        return "\(other), \(sighting.payloadLength) bytes"
    }
}

private func flagNames(_ flags: UInt8) -> String {
    let names: [(UInt8, String)] = [(2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG")]
    let set = names.filter { flags & $0.0 != 0 }.map(\.1)
    return set.isEmpty ? "no flags" : set.joined(separator: "-")
}

private func about(_ detail: PacketDetail?) -> String {
    guard let detail else { return "" }
    let named: [IPProtocol] = [.tcp, .udp, .sctp]
    if named.contains(detail.quotedProtocol) {
        return " about \(detail.quotedProtocol) \(detail.quotedSource):\(detail.quotedSourcePort) → "
            + "\(detail.quotedDestination):\(detail.quotedDestinationPort)"
    }
    return " about \(detail.quotedProtocol) \(detail.quotedSource) → \(detail.quotedDestination)"
}

private func icmpSummary(_ sighting: Sighting, _ detail: PacketDetail?) -> String {
    switch (sighting.icmpType, sighting.icmpCode) {
    case (8, _): "ICMP echo request id \(sighting.sourcePort) seq \(sighting.icmpSequence)"
    case (0, _): "ICMP echo reply id \(sighting.sourcePort) seq \(sighting.icmpSequence)"
    case (3, 0): "ICMP destination unreachable (network)" + about(detail)
    case (3, 1): "ICMP destination unreachable (host)" + about(detail)
    case (3, 2): "ICMP destination unreachable (protocol)" + about(detail)
    case (3, 3): "ICMP destination unreachable (port)" + about(detail)
    case (3, 4): "ICMP fragmentation needed, MTU \(detail?.reportedMTU ?? 0)," + about(detail)
    case (3, 9), (3, 10), (3, 13): "ICMP destination unreachable (prohibited)" + about(detail)
    case (3, let code): "ICMP destination unreachable (code \(code))" + about(detail)
    case (5, _): "ICMP redirect" + about(detail)
    case (11, _): "ICMP time exceeded" + about(detail)
    case (12, _): "ICMP parameter problem" + about(detail)
    case (let type, let code): "ICMP type \(type) code \(code)"
    }
}

private func icmpv6Summary(_ sighting: Sighting, _ detail: PacketDetail?) -> String {
    switch (sighting.icmpType, sighting.icmpCode) {
    case (128, _): "ICMPv6 echo request id \(sighting.sourcePort) seq \(sighting.icmpSequence)"
    case (129, _): "ICMPv6 echo reply id \(sighting.sourcePort) seq \(sighting.icmpSequence)"
    case (1, 0): "ICMPv6 destination unreachable (no route)" + about(detail)
    case (1, 1): "ICMPv6 destination unreachable (prohibited)" + about(detail)
    case (1, 3): "ICMPv6 destination unreachable (address)" + about(detail)
    case (1, 4): "ICMPv6 destination unreachable (port)" + about(detail)
    case (1, let code): "ICMPv6 destination unreachable (code \(code))" + about(detail)
    case (2, _): "ICMPv6 packet too big, MTU \(detail?.reportedMTU ?? 0)," + about(detail)
    case (3, _): "ICMPv6 time exceeded" + about(detail)
    case (133, _): "ICMPv6 router solicitation"
    case (134, _): "ICMPv6 router advertisement"
    case (135, _): "ICMPv6 neighbour solicitation"
    case (136, _): "ICMPv6 neighbour advertisement"
    case (let type, let code): "ICMPv6 type \(type) code \(code)"
    }
}
