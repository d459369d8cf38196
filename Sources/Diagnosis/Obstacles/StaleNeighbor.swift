internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A neighbour entry has a MAC address that is not the next hop's: the frame goes to somebody else, or to nobody.
struct StaleNeighbor: Obstacle {
    let code: FindingCode = "stale-neighbor"
    let steps: Set<PathStep.Kind> = [.neighbour, .stray, .forwarding]
    let reasons: Set<DropReason> = Self.dropReasons
    let traits: ObstacleTraits = [.isElsewhere, .stopsAfterArrival]

    static let dropReasons = ForwardingDisabled.dropReasons.union(["OTHERHOST", "NO_TX_TARGET"])

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reason == .otherHost ? "its destination MAC address is not that of the device that received it" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step):
            guard case .stray(let mac) = step.resolution, let entry = step.entry,
                surroundings.loosePort(step) == nil
            else { return [] }
            var misdirection = Misdirection(
                namespace: step.namespace, link: step.link, entry: entry, mac: mac,
                right: surroundings.right(step.hop, step.holders))
            if let source = surroundings.suppressor(of: misdirection) { misdirection = source }
            return [.candidate(candidate(misdirection, isCertain: true))]
        case .stray(let step):
            if surroundings.loosePort(step) != nil { return [] }
            guard var misdirection = surroundings.misdirection(of: step) else {
                if let unseen = unseenSender(step, surroundings) { return [.candidate(unseen)] }
                return [.unknown("no device that can be seen has the MAC address \(step.mac)")]
            }
            if let source = surroundings.suppressor(of: misdirection) { misdirection = source }
            return [.candidate(candidate(misdirection, isCertain: true))]
        case .forwarding(let step):
            guard step.forwardingSetting?.isOn != true else { return [] }
            if let misdirection = surroundings.misdirection(to: step) {
                // The entry is right, and both have the MAC address.
                if misdirection.right?.link.mac == misdirection.mac { return [] }
                return [.candidate(candidate(misdirection, isCertain: misdirection.right != nil))]
            }
            switch surroundings.aim(of: step) {
            case .elsewhere(let found?): return [.candidate(candidate(found, isCertain: false))]
            case .elsewhere(nil): return [.candidate(strayed(step, surroundings))]
            case .here, .unknown: return []
            }
        default: return []
        }
    }

    private func candidate(_ misdirection: Misdirection, isCertain: Bool) -> Candidate {
        let (namespace, link, entry) = (misdirection.namespace, misdirection.link, misdirection.entry)
        let name = namespace.name
        let owner =
            misdirection.owner.map {
                "is that of \($0.link.name) in \($0.namespace.name), which does not have the address"
            }
            ?? "is of no device on the link"
        let right = misdirection.right.map {
            "; \(entry.address) is configured on \($0.link.name) in \($0.namespace.name)\($0.link.mac.map { " (\($0))" } ?? "")"
        }
        let kind = entry.state == .permanent ? "wrong" : "stale"
        let replies =
            misdirection.asker.map {
                ", from which the bridge replies to \($0.name) in the place of others (neigh_suppress)"
            } ?? ""
        let hidden =
            misdirection.isLinkHidden
            ? "; who has \(entry.address) can't be seen, nor whether somebody else on that link has this MAC address too"
            : ""
        let found = candidate(
            at: Finding.Place(namespace: name, device: link.name),
            "\(kind) neighbour entry in \(name): \(entry.address) lladdr \(misdirection.mac) on \(link.name) (\(entry.state))\(replies), but this MAC address \(owner)\(right ?? "")\(hidden)",
            evidence: [
                .state("neighbour \(entry.address) on \(link.name) in \(name): \(misdirection.mac) \(entry.state)")
            ]
                + [misdirection.owner, misdirection.right].compactMap {
                    holder in
                    holder.map {
                        .state(
                            "\($0.link.name) in \($0.namespace.name): \($0.link.mac?.description ?? "no MAC address")")
                    }
                },
            remedy: misdirection.correction.isEmpty ? nil : Remedy(misdirection.correction), isCertain: isCertain)
        return misdirection.isLinkHidden ? found.with(.isSymptom) : found
    }

    /// The frame came to the namespace that its packet is for, or that routes it on, with another MAC address than the device's,
    /// and whoever sent it can't be seen.
    private func unseenSender(_ step: StrayStep, _ surroundings: Surroundings) -> Candidate? {
        let (namespace, packet) = (step.namespace, step.packet)
        guard let link = namespace[device: step.device], let own = link.mac, own != step.mac, !step.mac.isGroup,
            link.master == nil, let sender = packet.macSource,
            !surroundings.topology.namespaces.contains(where: { $0.links.contains { $0.mac == sender } })
        else { return nil }
        let choice = surroundings.inputs.route(packet, namespace, inDevice: step.device)
        guard choice.kind == .local || choice.kind == .unicast && choice.device != step.device else { return nil }
        let address = choice.kind == .local ? packet.destination.description : "its next hop \(namespace.name)"
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: step.device),
            "the frame came to \(namespace.name) on \(step.device) for the MAC address \(step.mac), which is not that of \(step.device) (\(own)), so it is not taken: whoever sent it (\(sender)), which cannot be seen from here, has a wrong or stale neighbour entry for \(address)",
            evidence: [.state("\(step.device) in \(namespace.name): \(own)")], isCertain: false)
    }

    /// The namespace to which the wrong entry led forwards, so that the packet stopped later.
    ///
    /// - Parameter proxy: the setting by which that one replies for addresses of others: it may be meant to.
    func candidate(_ misdirection: Misdirection, proxy: Settings.Value?, cause: Candidate?) -> Candidate {
        var found = candidate(misdirection, isCertain: proxy == nil && !misdirection.isLinkHidden)
        if let cause { found.finding.evidence.append(.state("there: \(cause.finding.message)")) }
        guard let proxy, let owner = misdirection.owner else { return found }
        let name = owner.namespace.name
        found.finding.message +=
            "; \(name) replies to ARP and neighbour discovery for addresses of others on \(owner.link.name) (\(proxy.key) = \(proxy.number)), so whoever replies first decides"
        found.finding.evidence.append(.state("\(proxy.key) = \(proxy.number) in \(name)"))
        found.finding.remedy = nil
        return found
    }

    /// Whose frame it is, or by which entry it came, can't be seen: it was sent to this machine's MAC address and is for another
    /// host of the link.
    func strayed(_ step: ReceiveStep, _ surroundings: Surroundings) -> Candidate {
        let (name, device, destination) = (step.namespace.name, step.device, step.packet.destination)
        var words = "the packet came to \(name) on \(device), "
        var evidence: [Fact] = [.state("\(destination) is not configured in \(name)")]
        if let handover = surroundings.inputs.handover, handover.receiver == name {
            let hop = handover.hop == destination ? "" : " by \(handover.hop)"
            words +=
                "but \(handover.sender) sent it to \(destination)\(hop) on \(handover.device), which \(name) does not have: its neighbour entry for \(handover.hop) had the MAC address of \(device)"
            evidence.append(.state("\(handover.hop) is the next hop of \(handover.sender) on \(handover.device)"))
        } else {
            let sender = step.packet.macSource.map { " (\($0))" } ?? ""
            words +=
                "but \(destination) is another address of that link: either its sender\(sender) holds an old neighbour entry for \(destination) with the MAC address of \(device), or it uses \(name) as its gateway\(step.forwardingSetting?.isOn == true ? "" : ", which is no router")"
            evidence.append(Fact(step.choice.evidence, step.choice.text))
        }
        return candidate(
            at: Finding.Place(namespace: name, device: device), words, evidence: evidence, isCertain: false
        ).with(.isSymptom)
    }
}
