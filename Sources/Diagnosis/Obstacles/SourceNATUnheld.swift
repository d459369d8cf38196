internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A rule translates the source to an address that the router does not have and does not reply to ARP for: replies find
/// nobody who takes them.
struct SourceNATUnheld: Obstacle {
    let code: FindingCode = "source-nat-unheld"

    func candidate(_ unheld: UnheldSource) -> Candidate {
        let (name, address) = (unheld.namespace.name, unheld.address)
        let question = address.isIPv4 ? "ARP" : "neighbour discovery"
        return candidate(
            at: Finding.Place(namespace: name, hook: .postrouting, device: unheld.outDevice),
            "replies to \(address) \(unheld.isCertain ? "don't come back" : "may find nobody"): \(unheld.rule.name) in \(name) translates the source \(unheld.packet.source) to it, and \(name) neither has this address nor replies to \(question) for it on \(unheld.outDevice)\(beyond(unheld.asker, address))",
            evidence: [
                .state("\(unheld.rule.name): \(unheld.rule.text ?? "")"),
                .state("\(address) is configured on no device of \(name)"),
            ] + facts(unheld.asker, address), rule: unheld.rule, remedy: remedy(unheld),
            isCertain: unheld.isCertain)
    }

    private func beyond(_ asker: UnheldSource.Asker, _ address: IPAddress) -> String {
        switch asker {
        case .router(let router, let device): "; \(router.name) looks for it on the link of \(device)"
        case .lost(let router): "; \(router.name) has no route to it"
        case .unseen(isOnLink: true): ""
        case .unseen(isOnLink: false): "; whether the next router has a route for it that leads here can't be seen"
        }
    }

    private func facts(_ asker: UnheldSource.Asker, _ address: IPAddress) -> [Fact] {
        switch asker {
        case .router(let router, let device):
            [.state("\(router.name) has no gateway for \(address): it is on \(device)'s network")]
        case .lost(let router): [.state("no table of \(router.name) has a route to \(address)")]
        case .unseen: []
        }
    }

    /// This flow gets the address of the device that it leaves by. Whether the other address is this machine's to have is
    /// not known.
    private func remedy(_ unheld: UnheldSource) -> Remedy? {
        let family = unheld.address.family
        let link = unheld.namespace[device: unheld.outDevice]
        guard link?.addresses.contains(where: { $0.address.family == family && !$0.address.isLinkLocal }) == true
        else { return nil }
        return Remedy([
            AcceptRemedy.exception(
                to: unheld.rule, in: unheld.chain, unheld.packet, unheld.traversal,
                target: ("-j MASQUERADE", "masquerade"))
        ])
    }
}
