public import Probes

/// A packet to be sent in a trial.
public struct TrialPacket: Sendable, Codable, Hashable {
    /// The namespace that it is sent from, by the snapshot's name.
    public var from: String
    public var request: PacketRequest

    public init(from: String, _ request: PacketRequest) {
        self.from = from
        self.request = request
    }
}

/// What the sender of a packet got to know.
public enum TrialAnswer: Sendable, Codable, Hashable {
    /// An echo reply, an accepted connection, or a datagram.
    case answered
    /// An error: errno, and whether an ICMP message told it. ECONNREFUSED without ICMP is a TCP reset.
    case refused(errorNumber: Int32, byICMP: Bool)
    /// Nothing left the sender: errno of the call that failed.
    case unsent(errorNumber: Int32)
    /// Nothing within the time.
    case silent

    public var isAnswered: Bool { self == .answered }
}
