public import Network
public import WalkModel

/// What became of a packet that was sent in a rebuilt network, with every probe watching.
public struct TrialExplanation: Sendable {
    /// As `explain` gives them: more than one where the kernel made more packets of it. Namespaces have the snapshot's names,
    /// and fixes are commands for the snapshot's host.
    public var exchanges: [Exchange]
    /// Whether each arrived and had the answer that it wants.
    public var arrived: Bool
    /// What could not be watched or rebuilt, a sentence each.
    public var warnings: [String]
    /// What was looked at beyond the packet: a sentence each.
    public var remarks: [String]
    /// The rebuilt network as it was read there.
    public var topology: Topology?

    public init(
        exchanges: [Exchange], arrived: Bool, warnings: [String] = [], remarks: [String] = [],
        topology: Topology? = nil
    ) {
        self.exchanges = exchanges
        self.arrived = arrived
        self.warnings = warnings
        self.remarks = remarks
        self.topology = topology
    }
}

/// What the senders of several packets got to know.
public struct TrialAnswers: Sendable {
    /// One for each packet, in their order.
    public var answers: [TrialAnswer]
    /// Likewise one for each packet; nil where that was not watched.
    public var arrivals: [TrialArrival]?
    /// What could not be rebuilt, a sentence each.
    public var warnings: [String]
    /// Milliseconds that each part of the trial took, in order: `start`, `script`, `sockets`, `changes`, `send`.
    public var times: [(part: String, milliseconds: Double)]

    public init(
        answers: [TrialAnswer], arrivals: [TrialArrival]? = nil, warnings: [String] = [],
        times: [(part: String, milliseconds: Double)] = []
    ) {
        self.answers = answers
        self.arrivals = arrivals
        self.warnings = warnings
        self.times = times
    }

    public var allAnswered: Bool { answers.allSatisfy(\.isAnswered) }
}
