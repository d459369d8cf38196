internal import Observations
internal import Network
internal import Wire

/// What an enhanced packet block can't say of an observation, in a custom option behind it: only where it differs from
/// what the block, its vantage point and a dissection of its bytes give.
extension Observation {
    mutating func code<Coder: FieldCoder>(with coder: inout Coder, base: borrowing Observation) {
        coder.number(1, &vantage.rawValue, base.vantage.rawValue)
        var clock = self.clock.rawValue
        coder.number(2, &clock, base.clock.rawValue)
        self.clock = Clock(rawValue: clock) ?? self.clock
        var matches: UInt8 = matchesFilter ? 1 : 0
        coder.number(3, &matches, base.matchesFilter ? 1 : 0)
        matchesFilter = matches != 0
        coder.number(4, &inDevice, base.inDevice)
        coder.number(5, &outDevice, base.outDevice)
        coder.number(6, &physicalInDevice, base.physicalInDevice)
        coder.number(7, &physicalOutDevice, base.physicalOutDevice)
        coder.number(8, &mark, base.mark)
        coder.number(9, &sourceSequence, base.sourceSequence)
        coder.number(10, &originalLength, base.originalLength)
        coder.number(11, &kernelIdentity, base.kernelIdentity)
        headers.code(with: &coder, base: base.headers)
    }
}

extension PacketHeaders {
    mutating func code<Coder: FieldCoder>(with coder: inout Coder, base: borrowing PacketHeaders) {
        coder.number(32, &macSource.value, base.macSource.value)
        coder.number(33, &macDestination.value, base.macDestination.value)
        coder.number(34, &etherType, base.etherType)
        coder.number(35, &vlan, base.vlan)
        coder.number(36, &innerVLAN, base.innerVLAN)
        coder.number(37, &networkOffset, base.networkOffset)
        var network = self.network.rawValue
        coder.number(38, &network, base.network.rawValue)
        self.network = Network(rawValue: network) ?? .other
        coder.number(39, &flags.rawValue, base.flags.rawValue)
        coder.address(40, &source, base.source)
        coder.address(41, &destination, base.destination)
        coder.number(42, &ipProtocol.rawValue, base.ipProtocol.rawValue)
        coder.number(43, &ttl, base.ttl)
        coder.number(44, &dscp, base.dscp)
        coder.number(45, &identification, base.identification)
        coder.number(46, &fragmentOffset, base.fragmentOffset)
        coder.number(47, &datagramKey, base.datagramKey)
        coder.number(48, &length, base.length)
        coder.number(49, &sourcePort, base.sourcePort)
        coder.number(50, &destinationPort, base.destinationPort)
        coder.number(51, &tcpSequence, base.tcpSequence)
        coder.number(52, &tcpAcknowledgement, base.tcpAcknowledgement)
        coder.number(53, &tcpFlags, base.tcpFlags)
        coder.number(54, &tcpTimestamp, base.tcpTimestamp)
        coder.number(55, &tcpMaximumSegmentSize, base.tcpMaximumSegmentSize)
        coder.number(56, &sctpChunkType, base.sctpChunkType)
        coder.number(57, &icmpType, base.icmpType)
        coder.number(58, &icmpCode, base.icmpCode)
        coder.number(59, &icmpIdentifier, base.icmpIdentifier)
        coder.number(60, &icmpSequence, base.icmpSequence)
        coder.number(61, &payloadLength, base.payloadLength)
        coder.number(62, &payloadOffset, base.payloadOffset)
        coder.number(63, &arpOperation, base.arpOperation)
        coder.address(64, &neighbourTarget, base.neighbourTarget)
        coder.number(65, &neighbourMAC.value, base.neighbourMAC.value)
        coder.address(66, &quotedSource, base.quotedSource)
        coder.address(67, &quotedDestination, base.quotedDestination)
        coder.number(68, &quotedProtocol.rawValue, base.quotedProtocol.rawValue)
        coder.number(69, &quotedSourcePort, base.quotedSourcePort)
        coder.number(70, &quotedDestinationPort, base.quotedDestinationPort)
        coder.number(71, &quotedIdentification, base.quotedIdentification)
        coder.number(72, &reportedMTU, base.reportedMTU)
        coder.number(73, &quotedLabel, base.quotedLabel)
        var tunnelKind = self.tunnelKind.rawValue
        coder.number(74, &tunnelKind, base.tunnelKind.rawValue)
        self.tunnelKind = TunnelKind(rawValue: tunnelKind) ?? .none
        coder.number(75, &tunnelIdentifier, base.tunnelIdentifier)
        coder.address(76, &tunnelSource, base.tunnelSource)
        coder.address(77, &tunnelDestination, base.tunnelDestination)
        coder.number(78, &label, base.label)
        coder.number(79, &datagramStart, base.datagramStart)
        coder.number(80, &udpTransaction, base.udpTransaction)
        coder.number(81, &tunnelFragmentKey, base.tunnelFragmentKey)
    }
}

extension VantagePoint {
    /// What an observation's clock is unless it says otherwise.
    var usualClock: Observation.Clock { kind == .link ? .passage : kind == .netfilter ? .arrival : .reading }

    /// `host:eth0`; `host:postrouting/srcnat/after`; `host:route`. Both directions of a device have one name.
    var interfaceName: String {
        switch kind {
        case .link:
            return "\(namespace):\(device ?? "?")"
        case .netfilter:
            return
                ([namespace + ":" + (hook?.rawValue ?? "?")] + [stage?.rawValue, edge?.rawValue].compactMap(\.self))
                .joined(separator: "/")
        case .route, .socket, .drop:
            return ([namespace + ":" + kind.rawValue] + [device].compactMap(\.self)).joined(separator: "/")
        }
    }

    /// What the interface block says. libpcap opens only files whose packets are all of one type, so bare IP packets
    /// get an Ethernet header without addresses in front, which the reader takes off again.
    var recordedLinkType: LinkType { isWrapped ? .ethernet : linkType }

    var isWrapped: Bool { [.raw, .ipv4, .ipv6, .bsdRaw, .openBSDRaw].contains(linkType) }

    static let wrappingLength = 14

    /// One interface block serves both directions.
    var withoutDirection: VantagePoint {
        var copy = self
        copy.direction = nil
        return copy
    }
}
