internal import WalkModel
import Observations
import Wire

/// A flow tuple for comparing and hashing at speed. IPv4 and IPv6 can't collide: no IPv6 packet carries `::a.b.c.d`
/// as a unicast address (RFC 4291 section 2.5.5.1).
struct FlowKey: Equatable {
    var sourceHigh: UInt64
    var sourceLow: UInt64
    var destinationHigh: UInt64
    var destinationLow: UInt64
    var sourcePort: UInt16
    var destinationPort: UInt16
    var ipProtocol: UInt8

    @inline(__always)
    init(
        sourceHigh: UInt64, sourceLow: UInt64, destinationHigh: UInt64, destinationLow: UInt64, sourcePort: UInt16,
        destinationPort: UInt16, ipProtocol: UInt8
    ) {
        self.sourceHigh = sourceHigh
        self.sourceLow = sourceLow
        self.destinationHigh = destinationHigh
        self.destinationLow = destinationLow
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.ipProtocol = ipProtocol
    }

    init(_ tuple: FlowTuple) {
        self.init(
            sourceHigh: tuple.source.high, sourceLow: tuple.source.low, destinationHigh: tuple.destination.high,
            destinationLow: tuple.destination.low, sourcePort: tuple.sourcePort,
            destinationPort: tuple.destinationPort, ipProtocol: tuple.ipProtocol.rawValue)
    }

    /// Of the packet that an ICMP error speaks of, turned round: an error travels as an answer of that flow.
    init(quotedReversed headers: PacketHeaders) {
        self.init(
            sourceHigh: headers.quotedDestination.high, sourceLow: headers.quotedDestination.low,
            destinationHigh: headers.quotedSource.high, destinationLow: headers.quotedSource.low,
            sourcePort: headers.quotedDestinationPort, destinationPort: headers.quotedSourcePort,
            ipProtocol: headers.quotedProtocol.rawValue)
    }

    @inline(__always)
    var reversed: FlowKey {
        FlowKey(
            sourceHigh: destinationHigh, sourceLow: destinationLow, destinationHigh: sourceHigh,
            destinationLow: sourceLow, sourcePort: destinationPort, destinationPort: sourcePort,
            ipProtocol: ipProtocol)
    }

    /// Whether no router sends it on, and so none translates it: between addresses of one link (RFC 4291 section 2.5.6, RFC
    /// 3927), to a group of one link (RFC 4291 section 2.7, RFC 5771), or from no address.
    @inline(__always)
    var staysOnLink: Bool {
        if sourceHigh | destinationHigh == 0 {
            return sourceLow == 0 || sourceLow >> 16 == 0xa9fe || destinationLow >> 16 == 0xa9fe
                || destinationLow >> 8 == 0xe0_0000
        }
        return sourceHigh | sourceLow == 0 || sourceHigh >> 54 == 0x3fa || destinationHigh >> 54 == 0x3fa
            || destinationHigh >> 56 == 0xff && destinationHigh >> 48 & 0xf <= 2
    }

    func source(isIPv6: Bool) -> IPAddress { Self.address(sourceHigh, sourceLow, isIPv6) }
    func destination(isIPv6: Bool) -> IPAddress { Self.address(destinationHigh, destinationLow, isIPv6) }

    private static func address(_ high: UInt64, _ low: UInt64, _ isIPv6: Bool) -> IPAddress {
        isIPv6 ? IPAddress(high: high, low: low) : IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }

    @inline(__always)
    var hash: UInt64 {
        var value = mix(sourceHigh &+ 0x9e37_79b9_7f4a_7c15, sourceLow ^ 0x2545_f491_4f6c_dd1d)
        value = mix(value ^ destinationHigh, destinationLow &+ 0xd6e8_feb8_6659_fd93)
        return mix(
            value, UInt64(sourcePort) << 32 | UInt64(destinationPort) << 8 | UInt64(ipProtocol) | 1 << 60)
    }
}

/// One round of a multiply-and-fold hash (as in wyhash): fast, and spread over all 64 bits.
@inline(__always)
func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: right ^ 0xe703_7ed1_a0b4_28db)
    return product.high ^ product.low
}
