internal import Network
internal import Twin
internal import Wire

/// What the process of a trial is told by its standard input, as JSON.
struct TrialOrder: Codable {
    /// The sockets of one namespace.
    struct Sockets: Codable {
        /// Of `ip netns`; nil for the sandbox's own.
        var namespace: String?
        var listeners: [Listener]
        /// Those that take no more.
        var full: [Listener] = []
        /// Those that hold local ports.
        var connected: [ConnectedSocket] = []
        /// What waits in front of devices.
        var packets: [WaitingPackets] = []
        /// Multicast groups that programs have joined.
        var groups: [GroupMembership] = []
    }

    /// A neighbour that is known to be reachable: the kernel keeps its hardware header ready once a packet has used it.
    struct Neighbour: Codable, Hashable {
        var namespace: String?
        var device: String
        var address: IPAddress
    }

    /// How the rebuilt host's commands enter a namespace.
    struct Original: Codable {
        var name: String
        var path: String?
    }

    /// What stands for the outside, where packets are sent from it.
    struct Outside: Codable {
        /// Of the socket, and the number of the table that it is routed by.
        static let mark: UInt32 = 7077

        var namespace: String
        /// By which it reaches all that is not its own, one of each family.
        var gateways: [IPAddress]
        /// Of IPv6, whose packets are sent from there: it answers neighbour discovery for them.
        var sources: [IPAddress]
    }

    struct Sent: Codable {
        var namespace: String?
        var packet: TrialPacket
    }

    /// Shell commands that build the network in the sandbox's own namespace; the functions of `steps` where there are such.
    var script: String
    /// The same step by step; the first ones are made before, where sockets are to be filled.
    var firstSteps: [TwinStep] = []
    var steps: [TwinStep] = []
    var sockets: [Sockets]
    var neighbours: [Neighbour]
    var outsides: [Outside]
    var changes: [TrialChange]
    /// Names of `ip netns` that the explanation must not see.
    var hidden: [String]
    /// By the twin's names.
    var originals: [String: Original]
    /// One where `explains`.
    var packets: [Sent]
    var explains: Bool
    var options: TrialOptions
    /// CLOCK_MONOTONIC when the trial began, in nanoseconds.
    var began: Int64
}

/// What it gives back on its standard output: one line of JSON.
struct TrialReply: Codable {
    struct Explained: Codable {
        /// Lines of `WalkJSON`: request and reply.
        struct Pair: Codable {
            var request: String
            var reply: String?
            /// What the JSON of a walk does not hold (`WalkWitness`).
            var isRequestAtReceiver: Bool
            var isReplyAtReceiver: Bool
        }

        var exchanges: [Pair]
        var arrived: Bool
        var warnings: [String]
        var remarks: [String]
        var topology: Topology?
    }

    struct Time: Codable {
        var part: String
        var milliseconds: Double
    }

    var error: TrialError?
    var explained: Explained?
    var answers: [TrialAnswer] = []
    /// Namespaces by the twin's names, empty for the sandbox's own; nil where arrivals were not watched.
    var arrivals: [TrialArrival]?
    var warnings: [String] = []
    var times: [Time] = []
}
