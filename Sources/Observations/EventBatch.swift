/// Events in order, with the bytes of the packets among them.
///
/// Sources hand over batches so that neither a lock nor an allocation is paid per packet.
public struct EventBatch: Sendable {
    public private(set) var events: [Event] = []
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public var isEmpty: Bool { events.isEmpty }

    public mutating func append(_ event: Event) {
        events.append(event)
    }

    /// Appends a packet and copies its bytes; the observation's byte range is set here.
    public mutating func append(_ observation: Observation, bytes packet: RawSpan) {
        var copy = observation
        copy.bytesOffset = UInt32(truncatingIfNeeded: bytes.count)
        copy.bytesCount = UInt32(truncatingIfNeeded: packet.byteCount)
        packet.withUnsafeBytes { bytes.append(contentsOf: $0) }
        events.append(.packet(copy))
    }

    /// Leaves out the packets that are not taken. Their bytes stay.
    public mutating func keepPackets(where isTaken: (borrowing Observation, RawSpan) -> Bool) {
        let kept = bytes.withUnsafeBytes { bytes in
            events.filter { event in
                guard case .packet(let observation) = event else { return true }
                let start = min(Int(observation.bytesOffset), bytes.count)
                let end = min(start + Int(observation.bytesCount), bytes.count)
                return isTaken(observation, UnsafeRawBufferPointer(rebasing: bytes[start..<end]).bytes)
            }
        }
        events = kept
    }

    /// Nil where it has none.
    public var firstPacketNanoseconds: Int64? {
        for case .packet(let observation) in events { return observation.timeNanoseconds }
        return nil
    }

    /// Puts events before all others.
    public mutating func prepend(_ first: [Event]) { events.insert(contentsOf: first, at: 0) }

    /// The bytes of one of this batch's packets; empty where it carries none.
    public func packetBytes(_ observation: Observation) -> ArraySlice<UInt8> {
        let start = Int(observation.bytesOffset)
        let end = start + Int(observation.bytesCount)
        guard end <= bytes.count else { return [] }
        return bytes[start..<end]
    }

    public mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }
}
