internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A router forwards nothing from a link-local address (RFC 4291, 2.5.6). Who sends from one has no other, or none that
/// it may use.
struct LinkLocalSource: Obstacle {
    let code: FindingCode = "link-local-source"
    let steps: Set<PathStep.Kind> = [.router]
    let reasons: Set<DropReason> = ["IP_INADDRERRORS"]
    let traits: ObstacleTraits = .isElsewhere

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .router(let step) = step else { return [] }
        let source = step.packet.source
        guard !source.isIPv4, source.isLinkLocal, !step.packet.destination.isLinkLocal else { return [] }
        let name = step.namespace.name
        let seen = Fact.seen("the source \(source) at \(name) \(step.device) in")
        let holder = surroundings.holders(of: source).first
        if let holder, let refused = holder.link.duplicateAddresses?.first(where: { !$0.address.isLinkLocal }) {
            return [.candidate(DuplicateAddress().refused(refused, holder, source, at: name, seen, surroundings))]
        }
        if let holder, let address = holder.link.missingGlobalAddress {
            return [.candidate(AddressUnusable().linkLocal(address, holder, source, at: name, seen))]
        }
        var message =
            "\(holder?.namespace.name ?? "the sender") sends from the link-local address \(source), and \(name) does not forward packets from such addresses"
        var evidence = [seen]
        if let holder {
            message += "; \(holder.link.name) has no address of global scope"
            let addresses = holder.link.addresses.map(\.description).joined(separator: ", ")
            evidence.append(.state("addresses of \(holder.link.name) in \(holder.namespace.name): \(addresses)"))
        }
        let place = Finding.Place(
            namespace: holder?.namespace.name ?? name, device: holder?.link.name ?? step.device)
        return stops(at: place, message, evidence: evidence)
    }
}
