internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel

/// What the kernel itself reported about a packet: the rule that ended it, a drop reason, an errno, a counter that rose.
struct KernelReport: Sendable {
    /// A counter of a namespace, by the drop reason that it stands for.
    struct Counter: Sendable {
        var reason: DropReason
        var text: String
        var namespace: String
    }

    /// The rule that the trace names.
    var rule: RuleReference?
    var verdict: Verdict?
    /// The drop reason, by what it means.
    var reason: DropReason?
    /// The drop reason as the kernel gave it.
    var givenReason: DropReason?
    var location: String?
    var namespace: String?
    var failure: SendFailure?
    var counter: Counter?

    /// Whether anything in it is about this very packet.
    var isDirect: Bool { rule != nil || reason != nil || failure != nil }

    /// `kernel: IP_RPFILTER at ip_rcv_finish_core`.
    var fact: Fact? { givenReason.map { .kernel("\($0)\(location.map { " at \($0)" } ?? "")") } }

    /// How the rule that the trace names ended the packet.
    var endingKind: HookResult.Ending.Kind {
        let verdict = verdict ?? .drop
        return verdict.isPolicy ? .policy : verdict.isReject ? .reject("an error") : .drop
    }

    init(_ walk: Walk, _ context: DiagnosisContext) {
        let stop = walk.stoppedAt
        rule = stop?.rule
        verdict = stop?.rule?.verdict
        if rule == nil, let ending = context.rules.last(where: \.verdict.endsPacket) {
            rule = ending.reference
            verdict = ending.verdict
            namespace = ending.namespace
        }
        // Of a packet that arrived, what its socket threw away later means nothing.
        let isDelivered = walk.cameToReceiver
        let drops = context.drops.filter { !isDelivered || !DropReason.housekeeping.contains($0.reason) }
        let drop = drops.last { !["NO_SOCKET", "CONSUMED", "NOT_DROPPED_YET"].contains($0.reason) } ?? drops.last
        reason = stop?.dropReason ?? drop?.reason
        location = stop?.location ?? drop?.location
        givenReason = reason
        // Drivers free what their XDP program dropped without giving the reason: veth_xdp_rcv_skb of veth, for one.
        if reason == .notSpecified, location?.contains("xdp") == true { reason = .xdp }
        // So is what waited for a neighbour that did not reply.
        if reason == .notSpecified, location == "neigh_invalidate" { reason = .neighbourFailed }
        namespace = namespace ?? stop?.namespace ?? drop?.namespace
        failure = context.sendFailures.last
        counter = Self.counter(context.counters)
    }

    /// Counters of /proc/net/snmp and netstat, in the order in which they are believed.
    private static func counter(_ counters: [DiagnosisContext.CounterDelta]) -> Counter? {
        let meanings: [(String, DropReason)] = [
            ("IPReversePathFilter", "IP_RPFILTER"), ("InAddrErrors", "IP_INADDRERRORS"),
            ("InNoRoutes", "IP_INNOROUTES"), ("OutNoRoutes", "IP_OUTNOROUTES"), ("InHdrErrors", "IP_INHDR"),
            ("RcvbufErrors", "SOCKET_RCVBUFF"), ("NoPorts", "NO_SOCKET"),
        ]
        for (name, reason) in meanings {
            if let hit = counters.first(where: { $0.name.hasSuffix(name) && $0.delta > 0 }) {
                return Counter(
                    reason: reason, text: "\(hit.name) rose by \(hit.delta) in \(hit.namespace)",
                    namespace: hit.namespace)
            }
        }
        return nil
    }
}
