public import Wire

/// What a datagram of DNS says, beside one of its sightings: an observation has the headers alone.
public struct NameEvent: Sendable, Hashable {
    /// Of the sighting.
    public var timeNanoseconds: Int64
    /// The packet's label, by which it is found.
    public var label: UInt64
    public var message: DNSMessage

    public init(timeNanoseconds: Int64, label: UInt64, message: DNSMessage) {
        self.timeNanoseconds = timeNanoseconds
        self.label = label
        self.message = message
    }
}

extension Observation {
    /// What the packet says where it is a datagram of DNS by its port; nil for any other.
    ///
    /// - Parameter bytes: the packet's, as far as they were captured.
    public borrowing func nameEvent(_ bytes: RawSpan) -> NameEvent? {
        guard headers.ipProtocol == .udp else { return nil }
        let (source, destination) = (headers.sourcePort, headers.destinationPort)
        let (label, offset) = (headers.label, Int(headers.payloadOffset))
        guard source == 53 || destination == 53, label != 0, offset > 0, offset < bytes.byteCount,
            let message = DNSMessage(bytes.extracting(droppingFirst: offset))
        else { return nil }
        return NameEvent(timeNanoseconds: timeNanoseconds, label: label, message: message)
    }
}

extension EventBatch {
    /// What one of this batch's packets says of names.
    public func nameEvent(of observation: Observation) -> NameEvent? {
        packetBytes(observation).withUnsafeBytes { observation.nameEvent($0.bytes) }
    }
}
