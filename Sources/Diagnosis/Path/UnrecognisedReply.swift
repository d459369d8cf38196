internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A reply that conntrack of a namespace does not take for one, although the request passed there: what the entry says of
/// the connection, its translation above all, is not applied to it.
struct UnrecognisedReply: Sendable {
    enum Why: Sendable {
        /// The entry is in another zone of the table than the reply is looked up in. Nil where no rule sets one.
        case zones(request: HookResult.Zoning?, reply: HookResult.Zoning?)
        /// A rule exempts the reply from tracking.
        case untracked(RuleReference)
        /// A rule exempts the request from tracking, so there is no entry; perhaps another one the reply.
        case requestUntracked(RuleReference, reply: RuleReference?)
    }

    /// A packet as it came into a namespace, or was sent there.
    struct Entry: Sendable {
        var packet: PacketState
        /// Nil where it was sent there.
        var inDevice: String?
        /// The bridge's port by which it came; nil where it came by none, or was sent there.
        var port: String?
        /// By which it leaves; of one that was sent there rules may ask for it.
        var outDevice: String?

        /// What the rules that come before conntrack make of it. Where bridges track too, conntrack sees it at the port.
        func result(_ namespace: Namespace, _ packet: PacketState) -> HookResult {
            guard let port, namespace.netfilter.compiled.tracksBridged else {
                return traversal(namespace).run(packet)
            }
            return HookTraversal(
                site: RuleSite(namespace: namespace, inDevice: port), hook: .prerouting, families: ["bridge"],
                asksTranslation: false
            ).run(packet)
        }

        /// Where the IP rules that come before conntrack ask it.
        func traversal(_ namespace: Namespace) -> HookTraversal {
            HookTraversal(
                site: RuleSite(
                    namespace: namespace, inDevice: inDevice, outDevice: inDevice == nil ? outDevice : nil),
                hook: inDevice == nil ? .output : .prerouting,
                families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"], asksTranslation: false)
        }
    }

    var namespace: Namespace
    var request: Entry
    var reply: Entry
    var why: Why

    /// Nil where conntrack recognises the reply, or where that can't be told.
    init?(_ namespace: Namespace, request: Entry, reply: Entry) {
        guard namespace.netfilter.compiled.steersConntrack else { return nil }
        var asked = (request: request.packet, reply: reply.packet)
        asked.request.connection = nil
        asked.reply.connection = nil
        let one = request.result(namespace, asked.request)
        let other = reply.result(namespace, asked.reply)
        if let rule = one.untracking {
            why = .requestUntracked(rule, reply: other.untracking)
        } else if let rule = other.untracking {
            why = .untracked(rule)
        } else {
            guard let expected = Self.replyZone(one.zoning), let found = Self.replyZone(other.zoning),
                expected != found
            else { return nil }
            why = .zones(request: one.zoning, reply: other.zoning)
        }
        self.namespace = namespace
        self.request = request
        self.reply = reply
    }

    /// Nil where it can't be told.
    private static func replyZone(_ zoning: HookResult.Zoning?) -> UInt16? {
        guard let zoning else { return 0 }
        return zoning.zone?.reply
    }

    /// What conntrack calls the reply instead: only a packet that may open a connection is new.
    var state: ConnectionState {
        switch why {
        case .untracked, .requestUntracked(_, reply: _?): return .untracked
        default: break
        }
        return switch reply.packet.ipProtocol {
        case .tcp, .icmp, .icmpv6: .invalid
        default: .new
        }
    }
}

extension UnrecognisedReply {
    /// What became of the reply for it.
    enum Effect: Sendable {
        /// It is for the address that the request's source was translated to, and the namespace took it as its own.
        case taken(asker: IPAddress)
        /// It goes on from the address that the request's destination was translated to.
        case sourceKept(asked: IPAddress)
        /// A rule drops what is no reply.
        case dropped(Finding)

        func words(_ reply: UnrecognisedReply) -> String {
            let name = reply.namespace.name
            switch self {
            case .taken(let asker):
                return
                    "\(reply.reply.packet.destination) is not translated back to \(asker), and \(name) takes the reply for its own"
            case .sourceKept(let asked):
                let packet = reply.reply.packet
                return
                    "its source is not translated back to \(asked), and \(packet.destination) gets a reply from \(packet.source), which it did not ask"
            case .dropped(let finding):
                let rule = finding.rule?.words ?? "a rule"
                return "its state is \(reply.state.rawValue), and \(rule) drops it"
            }
        }

        var facts: [Fact] {
            if case .dropped(let finding) = self { [.state(finding.message)] } else { [] }
        }
    }

    /// `the reply 198.51.100.1 > 203.0.113.2`.
    var subject: String { "the reply \(reply.packet.source) > \(reply.packet.destination)" }

    /// Where conntrack looks the reply up.
    var hook: NetfilterHook { reply.inDevice == nil ? .output : .prerouting }

    func candidate(_ effect: Effect) -> Candidate {
        switch why {
        case .zones(let request, let answer):
            ConntrackZones().candidate(self, effect, request: request, reply: answer)
        case .untracked(let rule): ConnectionUntracked().candidate(self, effect, by: rule)
        case .requestUntracked(let rule, let answer):
            ConnectionUntracked().candidate(self, effect, request: rule, reply: answer)
        }
    }
}
