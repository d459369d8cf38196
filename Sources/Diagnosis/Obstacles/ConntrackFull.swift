internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel

/// The connection table is full: new connections are dropped where no entry can be given up (`nf_conntrack: table full,
/// dropping packet`).
struct ConntrackFull: Obstacle {
    let code: FindingCode = "conntrack-full"
    let steps: Set<PathStep.Kind> = [.conntrack]
    let reasons: Set<DropReason> = ["NETFILTER_DROP", "NOT_SPECIFIED"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .conntrack(let step) = step, step.packet.connection == .new || step.packet.connection == nil,
            let limit = step.namespace.settings.connectionLimit?.number, limit > 0,
            let count = step.namespace.settings.connections?.number
        else { return [] }
        let name = step.namespace.name
        // Early drops made room: they are counted where the table was full and the packet passed. What could not be
        // inserted, since its reply would look like that of another connection, is counted as dropped too, and under
        // `insert_failed` (__nf_conntrack_confirm).
        let allDropped = rise("drop", name, surroundings)
        let dropped = allDropped - min(allDropped, rise("insert_failed", name, surroundings))
        guard count >= limit || dropped > 0 else { return [] }
        var evidence: [Fact] = [
            .state("net.netfilter.nf_conntrack_count = \(count), net.netfilter.nf_conntrack_max = \(limit)")
        ]
        if dropped > 0 { evidence.append(.kernel("nf_conntrack.drop rose by \(dropped) in \(name)")) }
        return stops(
            at: Finding.Place(namespace: name, hook: step.hook),
            "the connection tracking table of \(name) is full (\(count) of \(limit) entries): packets of new connections are dropped; the limit is global and is set in the initial network namespace",
            evidence: evidence,
            remedy: Remedy([
                RemedyAction(
                    in: nil, .sysctl(name: "net.netfilter.nf_conntrack_max", value: "\(limit * 2)"))
            ]))
    }

    private func rise(_ counter: String, _ namespace: String, _ surroundings: Surroundings) -> UInt64 {
        surroundings.context.counters.filter { $0.namespace == namespace && $0.name == "nf_conntrack.\(counter)" }
            .reduce(0) { $0 + $1.delta }
    }
}
