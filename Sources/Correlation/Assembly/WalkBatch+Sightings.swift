public import Observations
internal import WalkModel

/// One sighting of a packet, for whoever looks for the packet's bytes.
public struct PacketSighting: Sendable {
    public var point: VantagePoint
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var timeNanoseconds: Int64
    public var label: UInt64
    /// Addresses and ports as the packet had them there.
    public var tuple: FlowTuple
    public var ttl: UInt8
    /// An ICMP error about another packet.
    public var isError: Bool
}

extension WalkBatch {
    /// All that a walk rests on, in the order of time; empty unless the engine keeps sightings
    /// (`WalkEngine.Options.keepsSightings`), and for a packet that nobody saw.
    public func sightings(of record: WalkRecord) -> [PacketSighting] {
        guard let places = context?.places else { return [] }
        let found = (members[record.stepStart] ?? []).map { sighting in
            PacketSighting(
                point: places.pointOfPlace[Int(sighting.vantage)], timeNanoseconds: sighting.timeNanoseconds,
                label: sighting.label, tuple: sighting.tuple, ttl: sighting.ttl,
                isError: sighting.has(Sighting.quotesPacket))
        }
        return found.sorted { $0.timeNanoseconds < $1.timeNanoseconds }
    }
}
