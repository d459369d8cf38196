internal import WalkModel
import Observations
import Wire

/// An observation as the engine keeps it while its walk is open: plain data, no reference.
///
/// Headers that few packets have (a quoted packet, a tunnel) stand aside, found by `detail`.
struct Sighting {
    // The first ones stand as in `PacketHeaders.Flags`.
    static let hasMACSource = PacketHeaders.Flags.hasMACSource.rawValue
    static let hasMACDestination = PacketHeaders.Flags.hasMACDestination.rawValue
    static let dontFragment = PacketHeaders.Flags.dontFragment.rawValue
    static let moreFragments = PacketHeaders.Flags.moreFragments.rawValue
    static let quotesPacket = PacketHeaders.Flags.quotesPacket.rawValue
    static let hasTransport = PacketHeaders.Flags.hasTransport.rawValue
    static let hasTCPTimestamp = PacketHeaders.Flags.hasTCPTimestamp.rawValue
    static let matchesFilter: UInt16 = 1 << 13
    static let isFragment: UInt16 = 1 << 14
    static let isIPv6: UInt16 = 1 << 15

    var timeNanoseconds: Int64
    var label: UInt64
    var sourceHigh: UInt64
    var sourceLow: UInt64
    var destinationHigh: UInt64
    var destinationLow: UInt64
    var macSource: UInt64
    var macDestination: UInt64
    /// As `Observation.kernelIdentity`.
    var kernelIdentity: UInt64
    /// Where it was seen, as `Places` numbers it.
    var vantage: UInt32
    /// The next sighting of the same cohort, or of the free list; -1 for none.
    var next: Int32 = -1
    /// Index of the full headers, where the packet needs them; -1 for none.
    var detail: Int32 = -1
    var length: UInt32
    var mark: UInt32
    var inDevice: UInt32
    var outDevice: UInt32
    var physicalInDevice: UInt32
    var physicalOutDevice: UInt32
    var sourceSequence: UInt32
    var tcpSequence: UInt32
    var tcpAcknowledgement: UInt32
    var payloadLength: UInt32
    /// As in `FlowTuple`: an echo's identifier stands in both ports.
    var sourcePort: UInt16
    var destinationPort: UInt16
    var identification: UInt16
    /// What a reply has in common with its request: ICMP's sequence number, the first two octets of UDP's payload; for
    /// ARP the operation.
    var transaction: UInt16
    var fragmentOffset: UInt16
    var ttl: UInt8
    var dscp: UInt8
    var ipProtocol: UInt8
    var tcpFlags: UInt8
    var icmpType: UInt8
    var icmpCode: UInt8
    var network: PacketHeaders.Network
    var clock: Observation.Clock
    var tunnelKind: PacketHeaders.TunnelKind
    var flags: UInt16
    var tcpTimestamp: UInt32

    /// - Parameters:
    ///   - place: the number that `Places` gave the vantage point.
    ///   - detail: of the headers that stand aside; -1 for none.
    @inline(__always)
    init(_ observation: borrowing Observation, place: Int32, detail: Int32) {
        let isEcho = observation.headers.isEcho
        timeNanoseconds = observation.timeNanoseconds
        label = observation.headers.label
        sourceHigh = observation.headers.source.high
        sourceLow = observation.headers.source.low
        destinationHigh = observation.headers.destination.high
        destinationLow = observation.headers.destination.low
        macSource = observation.headers.macSource.value
        macDestination = observation.headers.macDestination.value
        kernelIdentity = observation.kernelIdentity
        vantage = UInt32(bitPattern: place)
        self.detail = detail
        length = observation.headers.length
        mark = observation.mark
        inDevice = observation.inDevice
        outDevice = observation.outDevice
        physicalInDevice = observation.physicalInDevice
        physicalOutDevice = observation.physicalOutDevice
        sourceSequence = observation.sourceSequence
        tcpSequence = observation.headers.tcpSequence
        tcpAcknowledgement = observation.headers.tcpAcknowledgement
        payloadLength = observation.headers.payloadLength
        sourcePort = isEcho ? observation.headers.icmpIdentifier : observation.headers.sourcePort
        destinationPort = isEcho ? observation.headers.icmpIdentifier : observation.headers.destinationPort
        identification = observation.headers.identification
        network = observation.headers.network
        transaction =
            network == .arp
            ? observation.headers.arpOperation : observation.headers.icmpSequence | observation.headers.udpTransaction
        fragmentOffset = observation.headers.fragmentOffset
        ttl = observation.headers.ttl
        dscp = observation.headers.dscp
        ipProtocol = observation.headers.ipProtocol.rawValue
        tcpFlags = observation.headers.tcpFlags
        icmpType = observation.headers.icmpType
        icmpCode = observation.headers.icmpCode
        tcpTimestamp = observation.headers.tcpTimestamp
        clock = observation.clock
        tunnelKind = observation.headers.tunnelKind
        var flags = observation.headers.flags.rawValue & (Self.matchesFilter - 1)
        if observation.matchesFilter { flags |= Self.matchesFilter }
        if observation.headers.isFragment { flags |= Self.isFragment }
        if observation.headers.source.family == .ipv6 { flags |= Self.isIPv6 }
        self.flags = flags
    }

    @inline(__always) func has(_ flag: UInt16) -> Bool { flags & flag != 0 }

    var source: IPAddress { address(high: sourceHigh, low: sourceLow) }
    var destination: IPAddress { address(high: destinationHigh, low: destinationLow) }

    var tuple: FlowTuple {
        FlowTuple(
            source: source, destination: destination, sourcePort: sourcePort, destinationPort: destinationPort,
            ipProtocol: IPProtocol(rawValue: ipProtocol))
    }

    private func address(high: UInt64, low: UInt64) -> IPAddress {
        has(Self.isIPv6)
            ? IPAddress(high: high, low: low) : IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }

    var isEncapsulated: Bool { tunnelKind != .none }

    /// A range of a TCP stream, which a device may cut or put together with others.
    var isSequenceRange: Bool {
        ipProtocol == IPProtocol.tcp.rawValue && payloadLength > 0 && flags & (Self.isFragment | Self.quotesPacket) == 0
    }

    /// The flow that the packet belongs to as it looks here.
    @inline(__always)
    var flowKey: FlowKey {
        FlowKey(
            sourceHigh: sourceHigh, sourceLow: sourceLow, destinationHigh: destinationHigh,
            destinationLow: destinationLow, sourcePort: sourcePort, destinationPort: destinationPort,
            ipProtocol: ipProtocol)
    }
}
