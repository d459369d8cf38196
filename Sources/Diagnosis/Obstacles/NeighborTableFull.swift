internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// The kernel's table of neighbours is full (`neighbour: arp_cache: neighbor table overflow!`): it is one for all
/// namespaces, and where it holds `gc_thresh3` entries and none of them can be given up, no next hop is asked for that is
/// not in it already.
struct NeighborTableFull: Obstacle {
    let code: FindingCode = "neighbor-table-full"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons: Set<DropReason> = ["NEIGH_CREATEFAIL"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, step.entry == nil, !step.isKnown,
            let table = surroundings.topology.neighborTable(step.hop.family), table.limit > 0
        else { return [] }
        let before = surroundings.context.before?.neighborTable(step.hop.family)
        let refused = before.map { table.refusals > $0.refusals ? table.refusals - $0.refusals : 0 } ?? 0
        // What counts for no limit is among the entries.
        guard refused > 0 || table.entries >= table.limit else { return [] }
        let (name, device) = (step.namespace.name, step.link.name)
        return stops(
            at: Finding.Place(namespace: name, device: device),
            "the kernel's neighbour table \(table.name) is full (\(table.entries) entries, gc_thresh3 = \(table.limit)): \(name) can't ask for \(step.hop) on \(device); all namespaces of the machine share the table",
            evidence: facts(table, refused, step, surroundings.topology), remedy: remedy(table, step.hop.family),
            isCertain: false)
    }

    private func facts(_ table: NeighborTable, _ refused: UInt64, _ step: NeighbourStep, _ topology: Topology) -> [Fact]
    {
        var facts: [Fact] = [
            step.fact, .state("\(Self.key(3, step.hop.family)) = \(table.limit), \(table.entries) entries"),
        ]
        if refused > 0 { facts.append(.kernel("\(table.name) refused \(refused) entries meanwhile (table_fulls)")) }
        if let crowd = Self.crowd(topology, step.hop.family) {
            facts.append(.state("\(crowd.count) of the entries are of \(crowd.device) in \(crowd.namespace)"))
        }
        return facts
    }

    /// The device with most of the entries, if it has more than half of those that could be read.
    private static func crowd(
        _ topology: Topology, _ family: IPAddress.Family
    ) -> (namespace: String, device: String, count: Int)? {
        var best: (namespace: String, device: String, count: Int)?
        var total = 0
        for namespace in topology.namespaces {
            var counts: [String: Int] = [:]
            for entry in namespace.neighbors where entry.address.family == family {
                counts[entry.device, default: 0] += 1
                total += 1
            }
            for (device, count) in counts.sorted(by: { $0.key < $1.key }) where count > best?.count ?? 0 {
                best = (namespace.name, device, count)
            }
        }
        return best.flatMap { $0.count > total / 2 ? $0 : nil }
    }

    private static func key(_ number: Int, _ family: IPAddress.Family) -> String {
        "net.\(family == .ipv4 ? "ipv4" : "ipv6").neigh.default.gc_thresh\(number)"
    }

    /// Room for twice as many. Above `gc_thresh2` entries are given up after five seconds (`neigh_alloc`).
    private func remedy(_ table: NeighborTable, _ family: IPAddress.Family) -> Remedy {
        Remedy([
            RemedyAction(in: nil, .sysctl(name: Self.key(3, family), value: "\(table.limit * 2)")),
            RemedyAction(in: nil, .sysctl(name: Self.key(2, family), value: "\(table.limit)")),
        ])
    }

    /// What the error of the sender's call says where the table refused entries at that time.
    static func refused(_ failure: SendFailure, _ stop: StoppedPacket) -> Candidate? {
        let wanted: Int32 = failure.tuple.destination.isIPv4 ? 105 : 22
        guard failure.errorNumber == wanted else { return nil }
        let found = stop.eligible.first {
            $0.finding.code == Self().code && $0.finding.where.namespace == failure.namespace
        }
        guard var found else { return nil }
        found.isCertain = true
        return found
    }
}
