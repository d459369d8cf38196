internal import WalkModel
import Observations
import Wire

/// What precedence looks at in a sighting: small enough to be compared by the square.
struct OrderingKey {
    var timeNanoseconds: Int64
    var place: UInt32
    var inDevice: UInt32
    var physicalInDevice: UInt32
    var physicalOutDevice: UInt32
    /// Settles which of two equal times is the later.
    var sourceSequence: UInt32
    var ttl: UInt8
    var clock: Observation.Clock
    var tunnelKind: PacketHeaders.TunnelKind
    var network: PacketHeaders.Network

    @inline(__always)
    init(_ sighting: borrowing Sighting) {
        timeNanoseconds = sighting.timeNanoseconds
        place = sighting.vantage
        inDevice = sighting.inDevice
        physicalInDevice = sighting.physicalInDevice
        physicalOutDevice = sighting.physicalOutDevice
        sourceSequence = sighting.sourceSequence
        ttl = sighting.ttl
        clock = sighting.clock
        tunnelKind = sighting.tunnelKind
        network = sighting.network
    }

    /// What precedence, looking at this sighting and any before it, can tell it from another by, but for `inDevice`.
    /// Whatever `Precedence` comes to look at has to be in here: `ArrangementMemo` takes equal shapes for equal.
    ///
    /// - Parameters:
    ///   - firstTTL: of the packet's first sighting; hop limits are compared with each other alone.
    ///   - isLater: its time is above that of the sighting before; `comesLater`: its sequence number is.
    @inline(__always)
    func shape(firstTTL: UInt8, isLater: Bool, comesLater: Bool) -> UInt64 {
        // Places are fewer than a million; a difference of hop limits has nine bits and a sign.
        var word = UInt64(place) << 32
        word |= UInt64(UInt16(bitPattern: Int16(ttl) - Int16(firstTTL))) << 16
        word |= UInt64(clock.rawValue) << 12 | UInt64(tunnelKind.rawValue) << 8 | UInt64(network.rawValue) << 6
        if ttl == 0 { word |= 1 }
        if isLater { word |= 2 }
        if comesLater { word |= 4 }
        if physicalInDevice != 0 { word |= 8 }
        if physicalOutDevice != 0 { word |= 16 }
        return word
    }
}
