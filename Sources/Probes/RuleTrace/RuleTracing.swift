public import Observations
internal import Wire

/// Which packets the kernel is asked to trace through its rules, and how many a second at most.
///
/// Each traced packet costs some twenty netlink messages, so that tracing every packet of a busy network would take its
/// speed: see `docs/decisions/0005-rule-trace.md`.
public enum RuleTracing: Sendable, Hashable {
    case none
    /// Those that the filter lets through, at most so many a second in each namespace and direction.
    case limited(perSecond: Int)
    /// All that the filter lets through.
    case all
    /// One packet of our own and its answers, with a large limit for whatever looks like it.
    case packet(FlowTuple)

    /// Whether it takes what it gets of the packets that pass.
    var isLimited: Bool { if case .limited = self { true } else { false } }

    /// What `trace` and `record` do unless told otherwise.
    public static let standard = RuleTracing.limited(perSecond: 100)
}

extension RuleTracing {
    /// A condition of nft(8) with its limit.
    struct Match: Hashable {
        /// Empty for every packet.
        var condition: String
        /// Nil for no limit.
        var perSecond: Int?

        /// As a rule of nft(8) begins.
        var words: String {
            let limit = perSecond.map { "limit rate \($0)/second burst \(Self.burst($0)) packets " } ?? ""
            return (condition.isEmpty ? "" : condition + " ") + limit
        }

        /// As iptables(8) has it; `condition` is not looked at.
        static func iptablesLimit(_ perSecond: Int?) -> String {
            perSecond.map { "-m limit --limit \($0)/second --limit-burst \(burst($0))" } ?? ""
        }

        /// A tenth of a second's worth: the socket's buffer holds their messages also where it may not be enlarged.
        private static func burst(_ perSecond: Int) -> Int { max(5, perSecond / 10) }
    }

    /// - Parameter filter: the conditions that stand for the user's filter; an empty one is met by all.
    func matches(filter: [String]) -> [Match] {
        switch self {
        case .none: []
        case .limited(let perSecond): filter.map { Match(condition: $0, perSecond: perSecond) }
        case .all: filter.map { Match(condition: $0, perSecond: nil) }
        case .packet(let tuple): Self.matches(tuple)
        }
    }

    /// First the packet and its answers as no NAT has touched them, then what translation leaves alone.
    private static func matches(_ tuple: FlowTuple) -> [Match] {
        let isIPv4 = tuple.destination.isIPv4
        let family = isIPv4 ? "ip" : "ip6"
        let name = isIPv4 ? "icmp" : "icmpv6"
        let errors =
            isIPv4
            ? "destination-unreachable, time-exceeded, parameter-problem"
            : "destination-unreachable, packet-too-big, time-exceeded, parameter-problem"
        var matches: [Match] = []
        if tuple.ipProtocol == .icmp || tuple.ipProtocol == .icmpv6 {
            for type in ["echo-request", "echo-reply"] {
                matches.append(Match(condition: "\(name) type \(type) \(name) id \(tuple.sourcePort)", perSecond: nil))
            }
        } else {
            let transport = tuple.ipProtocol.description
            for side in ["daddr", "saddr"] {
                matches.append(
                    Match(
                        condition: "\(family) \(side) \(tuple.destination) meta l4proto \(transport)", perSecond: 2000))
            }
            for side in ["dport", "sport"] {
                matches.append(Match(condition: "\(transport) \(side) \(tuple.destinationPort)", perSecond: 500))
            }
            // Where the destination is translated, the answer bears the sender's own port alone; and a handshake may end with a reset.
            if tuple.sourcePort != 0 {
                for side in ["dport", "sport"] {
                    matches.append(Match(condition: "\(transport) \(side) \(tuple.sourcePort)", perSecond: 500))
                }
            }
            if tuple.ipProtocol == .tcp {
                matches.append(Match(condition: "tcp flags & (syn | rst) != 0", perSecond: 500))
            }
        }
        matches.append(Match(condition: "\(name) type { \(errors) }", perSecond: 200))
        return matches
    }

    /// For rules of iptables(8), which carry the filter in another form.
    var perSecond: Int? {
        switch self {
        case .none, .all: nil
        case .limited(let perSecond): perSecond
        case .packet: 2000
        }
    }
}
