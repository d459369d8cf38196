internal import WalkModel
import Observations
import Network
import Wire

/// Rules that a walk must have met and of which no trace came.
///
/// A traced packet's way through a base chain ends in a verdict or in the chain's policy, and the kernel tells of
/// either. So where a walk is seen to have passed a hook, every base chain that stands there owes such an end. One that
/// is missing was lost, or the packet was not traced at all: the walk says so, and nothing is concluded from it.
extension EngineCore {
    /// What of a namespace's traces was heard so far.
    struct RulesHeard: OptionSet {
        var rawValue: UInt8
        static let nftables = RulesHeard(rawValue: 1)
        static let legacy = RulesHeard(rawValue: 2)
    }

    mutating func heard(_ rule: RuleEvent) {
        let area = places.area(named: rule.namespace)
        guard area >= 0 else { return }
        rulesHeard[area, default: []].insert(rule.reference.backend == "iptables-legacy" ? .legacy : .nftables)
    }

    /// Adds what is missing to the walk's losses, namespace by namespace.
    mutating func applyRuleGaps(_ record: inout WalkRecord) {
        let steps = batch.steps[record.stepStart..<record.stepStart + record.stepCount]
        guard let first = steps.first?.sighting, first.network == .ipv4 || first.network == .ipv6,
            !first.destination.isMulticast
        else { return }
        let families: Set = first.network == .ipv4 ? ["ip", "inet"] : ["ip6", "inet"]
        let events = batch.extra(of: record).rules
        var missing: [(area: Int32, count: Int)] = []
        for (area, hook) in passedHooks(record) {
            guard let heard = rulesHeard[area], let namespace = places.namespace(area) else { continue }
            var count = 0
            for chain in namespace.netfilter.chains
            where chain.hook == hook && families.contains(chain.family) && chain.kind != "nat" {
                guard heard.contains(chain.backend == "iptables-legacy" ? .legacy : .nftables) else { continue }
                let hasEnd = events.contains {
                    $0.endsBaseChain && $0.namespace == namespace.name && $0.reference.family == chain.family
                        && $0.reference.table == chain.table && $0.baseChain == chain.name
                }
                if !hasEnd { count += 1 }
            }
            guard count > 0 else { continue }
            if let known = missing.firstIndex(where: { $0.area == area }) {
                missing[known].count += count
            } else {
                missing.append((area, count))
            }
        }
        guard !missing.isEmpty else { return }
        if record.lossCount == 0 { record.lossStart = batch.losses.count }
        for (area, count) in missing {
            let source = "\(Loss.ruleTracePrefix)\(places.areas[Int(area)].name)"
            // Where the source itself told of a loss, its count stands. No slice is held: the append would copy all.
            let told = record.lossStart..<record.lossStart + record.lossCount
            if told.contains(where: { batch.losses[$0].source == source }) { continue }
            batch.losses.append(
                Loss(
                    timeNanoseconds: record.endNanoseconds, vantage: nil,
                    source: source, lost: UInt64(count)))
            record.lossCount += 1
        }
    }

    /// The hooks at which the packet was seen and behind which it was seen again, and those that it must have come by.
    private func passedHooks(_ record: WalkRecord) -> [(area: Int32, hook: NetfilterHook)] {
        var passed: [(area: Int32, hook: NetfilterHook)] = []
        for index in record.stepStart..<record.stepStart + record.stepCount {
            let place = places.places[Int(batch.steps[index].sighting.vantage)]
            guard !place.isLink, let hook = places.point(place).hook, rulesHeard[place.namespace] != nil,
                !passed.contains(where: { $0 == (place.namespace, hook) })
            else { continue }
            let isBehind = (index + 1..<record.stepStart + record.stepCount).contains { later in
                let other = places.places[Int(batch.steps[later].sighting.vantage)]
                return other.namespace != place.namespace || places.point(other).hook != hook
            }
            if isBehind || record.outcome == .delivered { passed.append((place.namespace, hook)) }
        }
        // Where its sightings at the hooks were lost, the hop limit tells that it was routed.
        for index in record.stepStart + 1..<record.stepStart + max(1, record.stepCount) {
            let one = batch.steps[index - 1].sighting
            let next = batch.steps[index].sighting
            let area = places.places[Int(one.vantage)].namespace
            guard next.ttl < one.ttl, places.places[Int(next.vantage)].namespace == area, rulesHeard[area] != nil else {
                continue
            }
            let hooks: [NetfilterHook]
            switch places.places[Int(next.vantage)].phase {
            case .linkOut, .bridgeOut: hooks = [.prerouting, .forward, .postrouting]
            case .postrouting: hooks = [.prerouting, .forward]
            default: hooks = [.prerouting]
            }
            for hook in hooks
            where !passed.contains(where: { $0 == (area, hook) }) {
                passed.append((area, hook))
            }
        }
        return passed
    }
}
