internal import WalkModel
import Network
import Observations
import Wire

/// Rules that a walk must have met and of which no trace came.
///
/// A traced packet's path through a base chain ends in a verdict or in the chain's policy, and the kernel reports
/// either. So where a walk is seen to have passed a hook, every base chain of the hook owes such an end. One that is
/// missing was lost, or the packet was not traced at all: the walk says so, and nothing is concluded from it.
enum RuleGaps {
    /// Adds what is missing to a walk's losses, namespace by namespace.
    static func add(
        to losses: inout [Loss], _ rules: [RuleEvent], _ packet: EndedPacket, _ outcome: Walk.Outcome,
        _ batch: borrowing WalkBatch, _ surroundings: Surroundings, _ state: borrowing StreamState
    ) {
        guard let start = packet.steps.first else { return }
        let first = batch.steps[start].sighting
        guard first.network == .ipv4 || first.network == .ipv6, !first.destination.isMulticast else { return }
        let families: Set<TableFamily> = first.network == .ipv4 ? ["ip", "inet"] : ["ip6", "inet"]
        let told = Set(losses.map(\.source))
        for (area, hook) in passedHooks(packet, outcome, batch, surroundings, state) {
            guard let traced = state.tracedRules[area], let namespace = surroundings.places.namespace(area) else {
                continue
            }
            let source = "\(Loss.ruleTracePrefix)\(surroundings.places.areas[Int(area)].name)"
            // Where the source itself reported a loss, its count is the one that counts.
            if told.contains(source) { continue }
            let count = namespace.netfilter.chains.count { chain in
                guard chain.hook == hook, families.contains(chain.family), chain.kind != .nat,
                    traced.contains(chain.backend == .iptablesLegacy ? .legacy : .nftables)
                else { return false }
                return !rules.contains {
                    $0.verdict.endsBaseChain && $0.namespace == namespace.name && $0.reference.family == chain.family
                        && $0.reference.table == chain.table && $0.baseChain == chain.name
                }
            }
            guard count > 0 else { continue }
            if let known = losses.firstIndex(where: { $0.source == source }) {
                losses[known].lost += UInt64(count)
            } else {
                var loss = Loss(
                    timeNanoseconds: packet.endNanoseconds, vantage: nil, source: source, lost: UInt64(count))
                loss.isInferred = true
                losses.append(loss)
            }
        }
    }

    /// The hooks at which the packet was seen and after which it was seen again, and those that it must have come by.
    private static func passedHooks(
        _ packet: EndedPacket, _ outcome: Walk.Outcome, _ batch: borrowing WalkBatch, _ surroundings: Surroundings,
        _ state: borrowing StreamState
    ) -> [(area: Int32, hook: NetfilterHook)] {
        let steps = packet.steps.map { batch.steps[$0].sighting }
        var passed: [(area: Int32, hook: NetfilterHook)] = []
        func add(_ area: Int32, _ hook: NetfilterHook) {
            if !passed.contains(where: { $0 == (area, hook) }) { passed.append((area, hook)) }
        }
        for (index, sighting) in steps.enumerated() {
            let place = surroundings.place(of: sighting)
            guard !place.isLink, let hook = surroundings.places.point(place).hook,
                state.tracedRules[place.namespace] != nil
            else { continue }
            let isSeenAfter = steps[(index + 1)...].contains { later in
                let other = surroundings.place(of: later)
                return other.namespace != place.namespace || surroundings.places.point(other).hook != hook
            }
            if isSeenAfter || outcome == .delivered { add(place.namespace, hook) }
        }
        // Where its sightings at the hooks were lost, the hop limit tells that it was routed.
        for (one, next) in zip(steps, steps.dropFirst()) {
            let area = surroundings.place(of: one).namespace
            let place = surroundings.place(of: next)
            guard next.ttl < one.ttl, place.namespace == area, state.tracedRules[area] != nil else { continue }
            let hooks: [NetfilterHook]
            switch place.phase {
            case .linkOut, .bridgeOut: hooks = [.prerouting, .forward, .postrouting]
            case .postrouting: hooks = [.prerouting, .forward]
            default: hooks = [.prerouting]
            }
            for hook in hooks { add(area, hook) }
        }
        return passed
    }
}
