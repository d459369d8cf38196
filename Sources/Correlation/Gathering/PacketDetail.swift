internal import WalkModel
import Wire

/// Headers that few packets have: the packet quoted in an ICMP error, the tunnel around a packet.
struct PacketDetail {
    var quotedSource: IPAddress
    var quotedDestination: IPAddress
    var quotedProtocol: IPProtocol
    var quotedSourcePort: UInt16
    var quotedDestinationPort: UInt16
    var quotedIdentification: UInt16
    var quotedLabel: UInt64
    var reportedMTU: UInt32
    var tunnelIdentifier: UInt32
    var tunnelSource: IPAddress
    var tunnelDestination: IPAddress
    var tunnelFragmentKey: UInt64
    /// In how many fragments the tunnel's packet passed there.
    var tunnelFragments: Int32 = 1

    init(_ headers: PacketHeaders) {
        quotedSource = headers.quotedSource
        quotedDestination = headers.quotedDestination
        quotedProtocol = headers.quotedProtocol
        quotedSourcePort = headers.quotedSourcePort
        quotedDestinationPort = headers.quotedDestinationPort
        quotedIdentification = headers.quotedIdentification
        quotedLabel = headers.quotedLabel
        reportedMTU = headers.reportedMTU
        tunnelIdentifier = headers.tunnelIdentifier
        tunnelSource = headers.tunnelSource
        tunnelDestination = headers.tunnelDestination
        tunnelFragmentKey = headers.tunnelFragmentKey
    }

    /// The flow that an ICMP error answers, turned round, as it looks where the error was seen.
    var quotedFlow: FlowKey {
        FlowKey(
            sourceHigh: quotedDestination.high, sourceLow: quotedDestination.low,
            destinationHigh: quotedSource.high, destinationLow: quotedSource.low,
            sourcePort: quotedDestinationPort, destinationPort: quotedSourcePort,
            ipProtocol: quotedProtocol.rawValue)
    }
}
