internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Two devices have the same address on one link, or a packet comes in whose source is one's own address.
struct DuplicateAddress: Obstacle {
    let code: FindingCode = "duplicate-address"
    let steps: Set<PathStep.Kind> = [.neighbour, .source]
    let reasons: Set<DropReason> = ["IP_LOCAL_SOURCE", "IP_RPFILTER", "IP_INVALID_SOURCE", "IP_INADDRERRORS"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step):
            let names = Set(step.holders.map(\.end.namespace))
            let known = step.holders.first { surroundings.topology.link(at: $0.end)?.mac == step.entry?.mac }
            guard names.count > 1, let mine = known ?? step.holders.first else { return [] }
            // Which of them answers is a matter of luck.
            let sharing = surroundings.holders(of: step.hop, beside: mine.end.namespace)
            return sharing.count > 1 ? [.candidate(shared(step.hop, sharing, surroundings))] : []
        case .source(let step):
            guard step.hasOwnSource, HairpinMissing.router(surroundings) == nil else { return [] }
            let (name, source) = (step.namespace.name, step.packet.source)
            // It is nobody else's: the namespace sent it by another of its devices.
            if surroundings.inputs.sender == name { return [.candidate(KernelRefusal().own(step))] }
            let words = surroundings.holders(of: source).map(\.words).joined(separator: " and ")
            return [
                .candidate(
                    candidate(
                        at: Finding.Place(namespace: name, device: step.device),
                        "martian source: the packet arrived at \(name) on \(step.device) with \(name)'s own address \(source) as its source, and is dropped",
                        evidence: [.state("\(source) is configured on \(words)")],
                        reasons: ["IP_LOCAL_SOURCE", "IP_RPFILTER", "IP_INVALID_SOURCE"]
                    ).with(.isElsewhere))
            ]
        default: return []
        }
    }

    /// Two devices with the same address on one link.
    ///
    /// - Parameters:
    ///   - holders: at least two, the one that took the packet first.
    ///   - refused: the packet that it refused, if it did.
    func shared(
        _ address: IPAddress, _ holders: [Surroundings.Holder], refused: PacketState? = nil,
        _ surroundings: Surroundings
    ) -> Candidate {
        let taker = holders[0]
        // An address of lo is replied for with the MAC address of the device that was asked.
        let macs =
            taker.link.kind == .loopback ? taker.namespace.links.compactMap(\.mac) : [taker.link.mac].compactMap(\.self)
        let known = surroundings.topology.namespaces.lazy.compactMap { namespace in
            namespace.neighbors.first { $0.address == address && $0.mac.map(macs.contains) == true }.map {
                (namespace: namespace, entry: $0)
            }
        }.first
        let asker = known?.namespace
        let words = holders.map(\.words)
        var message =
            "duplicate IP address on the segment: \(address) is configured on \(words.joined(separator: " and on ")); "
        message +=
            asker.map { "\($0.name) uses whichever replied first, \(taker.namespace.name)" }
            ?? "the packet went to \(taker.namespace.name)"
        var remedy: Remedy?
        if let refused, let port = refused.destinationPort, let meant = meant(by: refused, port, holders) {
            let name = refused.ipProtocol.description
            message += "; only \(meant.namespace.name) listens on \(name) port \(port)"
            remedy = Remedy(ifAny: removal(of: address, from: taker, known))
        }
        return candidate(
            at: Finding.Place(namespace: taker.namespace.name, device: taker.link.name), message,
            evidence: words.map { .state("\(address) on \($0)") }
                + (asker.map {
                    [.state("neighbour \(address) in \($0.name): \(known?.entry.mac.map(\.description) ?? "")")]
                }
                    ?? []),
            remedy: remedy, reasons: [])
    }

    /// Only where one of two alone serves the port is it known which of them was meant.
    private func meant(
        by packet: PacketState, _ port: UInt16, _ holders: [Surroundings.Holder]
    ) -> Surroundings.Holder? {
        func serves(_ holder: Surroundings.Holder) -> Bool {
            holder.namespace.listeners.contains {
                $0.isOn(packet.ipProtocol, port: port) && $0.takes(packet.destination)
            }
        }
        guard holders.count == 2, serves(holders[1]), !serves(holders[0]),
            holders[0].link.addresses.contains(where: { $0.address == packet.destination })
        else { return nil }
        return holders[1]
    }

    private func removal(
        of address: IPAddress, from taker: Surroundings.Holder, _ known: (namespace: Namespace, entry: Neighbor)?
    ) -> [RemedyAction] {
        guard let prefix = taker.link.addresses.first(where: { $0.address == address }) else { return [] }
        var actions: [RemedyAction] = [.ip(taker.namespace, "addr del \(prefix) dev \(taker.link.name)")]
        if let known {
            actions.append(.ip(known.namespace, "neigh del \(address) dev \(known.entry.device)"))
        }
        return actions
    }

    /// An address that duplicate address detection refused (RFC 4862, 5.4), so that its holder sends from a link-local
    /// one.
    func refused(
        _ address: IPPrefix, _ holder: Surroundings.Holder, _ source: IPAddress, at router: String, _ seen: Fact,
        _ surroundings: Surroundings
    ) -> Candidate {
        let others = surroundings.holders(of: address.address, onLinkOf: holder)
        let found = others.isEmpty ? "another host" : others.map(\.words).joined(separator: " and ")
        return candidate(
            at: Finding.Place(namespace: holder.namespace.name, device: holder.link.name),
            "\(address) on \(holder.words) is unusable: duplicate address detection found it on \(found). So \(holder.namespace.name) sends from the link-local address \(source), and \(router) does not forward packets from such addresses",
            evidence: [seen, .state("\(address) on \(holder.words) is dadfailed")]
                + others.map { .state("\(address.address) on \($0.words)") },
            reasons: ["IP_INADDRERRORS"]
        ).with(.isElsewhere)
    }
}
