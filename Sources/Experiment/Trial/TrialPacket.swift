public import Probes

/// A packet to be sent in a trial.
public struct TrialPacket: Sendable, Codable, Hashable {
    /// The namespace that it is sent from, by the snapshot's name; or what stands for the outside (`PacketTrials.outsides`).
    public var from: String
    public var request: PacketRequest
    /// Whether it belongs to a connection that is open: TCP then sends data, and no SYN. It needs `source` and `sourcePort`.
    public var isOfConnection = false

    public init(from: String, _ request: PacketRequest) {
        self.from = from
        self.request = request
    }
}

/// Where a packet was taken in, behind every rule of the input hook: namespaces by the snapshot's names.
public struct TrialArrival: Sendable, Codable, Hashable {
    /// In the order in which it came there; empty where it came nowhere.
    public var places: [String]
    /// The same for data that followed a TCP connection's handshake.
    public var dataPlaces: [String]

    public init(_ places: [String] = [], dataPlaces: [String] = []) {
        self.places = places
        self.dataPlaces = dataPlaces
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
