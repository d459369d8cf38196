internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A packet that a filter or a rule of a device handed to another device, by which it was seen to go out.
extension WalkDiagnosis {
    /// The findings of a packet, or of its reply, that was led aside and came to nothing; nil where that is not so.
    func ledAside(_ reading: WalkReading) -> [Finding]? {
        if reply?.cameToReceiver == true { return nil }
        let back = reply.map { WalkReading(walk: $0, topology: topology) }
        for one in [reading, back].compactMap(\.self) {
            if let found = redirected(one) { return finding(of: found, one) }
        }
        return nil
    }

    /// What handed the packet to a device by which it was seen to go out, where no route leads by that device.
    func redirected(_ reading: WalkReading) -> Candidate? {
        for stay in reading.stays() {
            let choice = inputs(reading).route(stay.exit, stay.namespace, inDevice: stay.inDevice)
            let hops = reading.sightings.filter { $0.namespace == stay.namespace.name && $0.vantage == .link }
            for (index, hop) in hops.enumerated() {
                guard hop.direction == .out, let target = hop.device, hop.packet.encapsulation == nil,
                    choice.device != target, stay.namespace[device: target]?.master != choice.device
                else { continue }
                let found =
                    receiver(before: index, of: hops, stay) ?? choice.device.flatMap { sender($0, stay, to: hop) }
                guard var found else { continue }
                if hop.index != reading.last?.index { found.finding.evidence.append(.seen("at \(hop.fullPlace)")) }
                return found
            }
        }
        return nil
    }

    /// Where it came in by a device that hands on what comes in. Of a packet that another namespace sent, and that was seen first
    /// on its way out, that may be any device.
    private func receiver(before index: Int, of hops: [Hop], _ stay: WalkReading.Stay) -> Candidate? {
        var links = stay.namespace.links
        if index > 0 {
            guard hops[index - 1].direction == .in else { return nil }
            links = links.filter { $0.name == hops[index - 1].device }
        } else if stay.namespace.holds(stay.entry.source) {
            return nil
        }
        return links.lazy.compactMap { link in
            candidate(ProgramStep(namespace: stay.namespace, link: link, isIngress: true), stay.entry, to: hops[index])
        }.first
    }

    /// Where the device by which it would have left hands on what leaves by it; of a bridge, one of its ports.
    private func sender(_ device: String, _ stay: WalkReading.Stay, to exit: Hop) -> Candidate? {
        let links = stay.namespace.links.filter { $0.name == device || $0.master == device }
        return links.lazy.compactMap { link in
            candidate(ProgramStep(namespace: stay.namespace, link: link, isIngress: false), stay.exit, to: exit)
        }.first
    }

    private func candidate(_ step: ProgramStep, _ packet: PacketState, to exit: Hop) -> Candidate? {
        guard let target = exit.device else { return nil }
        let program = step.programs.first { step.namespace.redirectTarget(of: $0)?.name == target }
        if let program { return Redirected().candidate(program, to: target, at: step, isSeen: true) }
        let site = RuleSite(
            namespace: step.namespace, inDevice: step.isIngress ? step.link.name : nil,
            outDevice: step.isIngress ? nil : step.link.name)
        let traversal = HookTraversal(
            site: site, hook: step.isIngress ? .ingress : .egress, families: ["netdev", "inet"],
            device: step.link.name, asksTranslation: false)
        guard let ending = traversal.run(packet).ending, case .forward(let other) = ending.kind,
            other == nil || other == target
        else { return nil }
        let rule = RuleEnding(ending: ending, traversal: traversal, packet: packet)
        var found = Catalogue.candidate(for: rule, Surroundings(PathInputs(context), origin: packet))
        found.isCertain = true
        return found
    }
}
