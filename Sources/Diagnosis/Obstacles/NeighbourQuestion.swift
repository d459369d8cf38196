internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Neighbour discovery of IPv6 for one address. It is ICMPv6 and passes the IP hooks of both ends (RFC 4861): a
/// solicitation to the group of its target, an advertisement back.
struct NeighbourQuestion {
    let step: NeighbourStep
    /// Who has the address, and the device on which it is asked.
    let holder: Namespace
    let device: String

    /// The first rule that ends the question or its answer, as a candidate.
    func stopped(_ surroundings: Surroundings) -> Candidate? {
        // ff02::1:ff00:0/104 and the target's last three bytes (RFC 4291, 2.7.1).
        let group = IPAddress(high: 0xff02 << 48, low: 0x1_ff00_0000 | step.hop.low & 0xff_ffff)
        var question = PacketState(
            source: linkLocal, destination: group, ipProtocol: .icmpv6, icmpType: 135, ttl: 255)
        var answer = PacketState(
            source: step.hop, destination: linkLocal, ipProtocol: .icmpv6, icmpType: 136, ttl: 255)
        // Neighbour discovery is untracked (nf_conntrack_icmpv6_error).
        question.connection = .untracked
        answer.connection = .untracked
        let (asker, own) = (step.namespace, step.link.name)
        let hooks: [(Namespace, NetfilterHook, String, PacketState)] = [
            (asker, .output, own, question), (holder, .prerouting, device, question),
            (holder, .input, device, question),
            (holder, .output, device, answer), (asker, .prerouting, own, answer), (asker, .input, own, answer),
        ]
        for (namespace, hook, device, packet) in hooks {
            let isOut = hook == .output
            let site = RuleSite(
                namespace: namespace, inDevice: isOut ? nil : device, outDevice: isOut ? device : nil)
            let traversal = HookTraversal(site: site, hook: hook, families: ["ip6", "inet"])
            guard let ending = traversal.run(packet).ending else { continue }
            let rule = RuleEnding(ending: ending, traversal: traversal, packet: packet)
            var found = Catalogue.candidate(for: rule, surroundings).with(.stopsNeighbourDiscovery)
            let name = packet.icmpType == 135 ? "neighbour solicitation" : "neighbour advertisement"
            found.finding.message += "; that is the \(name) for \(step.hop) on \(own)"
            found.finding.remedy = Remedy(AcceptRemedy.neighbourDiscovery(traversal, ending, device))
            return found
        }
        return nil
    }

    /// The address from which the asker asks.
    private var linkLocal: IPAddress {
        step.link.addresses.first { !$0.address.isIPv4 && $0.address.isLinkLocal }?.address
            ?? IPAddress(high: 0, low: 0)
    }
}
