/// What a rebuilt network takes for granted, since it could not be rebuilt or known.
public struct Assumption: Sendable, Codable, Hashable {
    /// The closed list of reasons.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// A physical link's other side answers ARP, neighbour discovery, and every packet.
        case outsideAnswers = "outside-answers"
        /// The outside routes replies back to the addresses that the host holds on the link, and to no others.
        case outsideReturnRoute = "outside-return-route"
        /// A program of eBPF (XDP, tc) lets every packet pass.
        case programPasses = "program-passes"
        /// A link of a kind that can't be made here is replaced by a veth.
        case deviceKind = "device-kind"
        /// Which of two firewalls at the same priority comes first is not known.
        case hookOrder = "hook-order"
        /// The kernel chooses at random, or by a seed that is not the same elsewhere.
        case randomChoice = "random-choice"
        /// Queues and buffers that are not full are empty; what waited in full ones still waits.
        case queueState = "queue-state"
        /// Limits, quotas and lists of recent addresses begin anew.
        case limitState = "limit-state"
        /// A rule asks for a user who does not exist in the sandbox.
        case user = "uid"
        /// The table of connections is not filled.
        case conntrackFull = "conntrack-full"
        /// A neighbour that is being asked for is asked anew.
        case neighborState = "neighbor-state"
        /// The state of duplicate address detection.
        case duplicateAddressDetection = "dad"
        /// The state of the spanning tree protocol.
        case spanningTree = "stp"
        /// A rule asks for the time of day.
        case clock = "clock"
        /// A namespace that could not be entered.
        case unreadNamespace = "other-users-namespace"
        /// A part of the snapshot that could not be read, or that this kernel refused.
        case notRebuilt = "not-rebuilt"
        /// A listening program answers.
        case listenerAnswers = "listener-answers"
    }

    public var code: Code
    /// The namespace that it is about; nil for the machine.
    public var namespace: String?
    /// A sentence: what is assumed, of what.
    public var text: String
    /// The device or the address that it is about, or `port N`; nil where it is about more.
    public var subject: String?

    public init(_ code: Code, in namespace: String? = nil, subject: String? = nil, _ text: String) {
        self.code = code
        self.subject = subject
        self.namespace = namespace
        self.text = text
    }

    /// Of the ICMP errors that a namespace's routes give rise to.
    public static let errors = "errors"

    /// Of a socket.
    public static func subject(ofPort port: UInt16) -> String { "port \(port)" }
}
