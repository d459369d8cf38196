internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Two devices on top of one do not exchange frames: a macvlan not in mode `bridge`, or a macvlan and the device below.
struct MacvlanIsolated: Obstacle {
    let code: FindingCode = "macvlan-isolated"
    let steps: Set<PathStep.Kind> = [.sibling]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsEveryFrame, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .sibling(let step) = step, !step.isOpen else { return [] }
        if step.isEntry { return unlisted(step, surroundings) }
        let (near, far) = (step.near.name, step.far.name)
        let place = Finding.Place(namespace: near, device: step.nearLink.name)
        if step.isParent {
            let (child, parent) = (step.nearLink, step.farLink)
            return stops(
                at: place,
                "\(child.name) in \(near) is a macvlan on \(parent.name) in \(far): such a device and the one below it never exchange frames; \(far) needs a macvlan of its own on \(parent.name) for that",
                evidence: [
                    .state("\(child.name) in \(near): macvlan mode \(child.mode ?? "unknown") on \(parent.name)")
                ])
        }
        let ends = [(step.near, step.nearLink), (step.far, step.farLink)]
        let others = ends.filter { !$0.1.isBridging }
        let modes = ends.map { "\($0.1.name) in \($0.0.name) is in mode \($0.1.mode ?? "unknown")" }
        return stops(
            at: place,
            "\(modes.joined(separator: ", ")): macvlan devices on \(step.lower.name) exchange frames directly only in mode bridge; in mode vepa the switch outside must send them back (hairpin), in mode private nothing does",
            evidence: modes.map { .state($0) },
            remedy: Remedy(others.map { .ip($0.0, "link set \($0.1.name) type macvlan mode bridge") }))
    }

    /// In mode `source` it is given frames of the senders in its list alone, ARP included (macvlan_forward_source).
    private func unlisted(_ step: SiblingStep, _ surroundings: Surroundings) -> [Judgement] {
        guard let mac = step.packet.macSource else { return [] }
        let (name, link) = (step.far.name, step.farLink)
        let listed = (step.farLink.sources ?? []).map(\.description)
        let owner = surroundings.topology.namespaces.first { namespace in
            namespace.links.contains { $0.mac == mac && $0.master == nil }
        }
        let sender = owner.map { " (\($0.name))" } ?? ""
        let list = listed.isEmpty ? "which is empty" : listed.prefix(4).joined(separator: ", ")
        return stops(
            at: Finding.Place(namespace: name, device: link.name),
            "\(link.name) in \(name) is a macvlan in mode source on \(step.lower.name): it is given frames only from the MAC addresses in its list (\(list)\(listed.count > 4 ? ", …" : "")), and \(mac)\(sender) is none of them",
            evidence: [.state("\(link.name) in \(name): macvlan mode source, macaddr \(list)")],
            remedy: Remedy([.ip(step.far, "link set \(link.name) type macvlan macaddr add \(mac)")]),
            reasons: StaleNeighbor.dropReasons.union(NeighborUnresolved.dropReasons))
    }

    /// In mode `passthru` the one device on top takes every frame that comes in (macvlan_handle_frame).
    func taken(_ upper: Surroundings.Holder, _ lower: Surroundings.Holder) -> Candidate {
        let child = "\(upper.link.name) in \(upper.namespace.name)"
        let parent = "\(lower.link.name) in \(lower.namespace.name)"
        return candidate(
            at: Finding.Place(namespace: upper.namespace.name, device: upper.link.name),
            "\(child) is a macvlan in mode passthru on \(parent): it takes all frames that come in there, so \(lower.namespace.name) gets none for its own addresses on \(lower.link.name)",
            evidence: [.state("\(child): macvlan mode passthru on \(lower.link.name)")],
            reasons: StaleNeighbor.dropReasons.union(NeighborUnresolved.dropReasons)
        ).with([.stopsAfterArrival])
    }
}
