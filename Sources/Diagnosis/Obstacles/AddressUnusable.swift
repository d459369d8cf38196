internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// IPv6: an address may not be used while duplicate address detection runs (it is tentative), nor where that found it on
/// somebody else (RFC 4862, 5.4). Nothing is sent from it, and nobody is told that it is here.
struct AddressUnusable: Obstacle {
    let code: FindingCode = "address-unusable"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step else { return [] }
        return step.silences.compactMap { respondent, silence in
            guard case .unusable(let address) = silence else { return nil }
            let (name, device) = (respondent.namespace.name, respondent.path.end.device)
            return .candidate(
                candidate(
                    at: Finding.Place(namespace: name, device: device),
                    "\(name) does not reply to neighbour discovery for \(step.hop) on \(device): the address \(address.words)",
                    evidence: [address.fact(on: device, of: name), step.fact], isCertain: !step.hasOutside))
        }
    }

    /// A packet that its sender sent, or lent its address, from another address than that of the device that it left by.
    func source(
        _ source: IPAddress, insteadOf address: Link.UnusableAddress, on link: Link, of namespace: Namespace, seen: Fact
    ) -> Candidate {
        let name = namespace.name
        let other = namespace.links.first { $0.addresses.contains { $0.address == source } }?.name
        return candidate(
            at: Finding.Place(namespace: name, device: link.name),
            "\(address.prefix) on \(link.name) in \(name) \(address.words); so \(name) sends from \(source)\(other.map { " of \($0)" } ?? ""), to which replies may not come back by \(link.name)",
            evidence: [seen, address.fact(on: link.name, of: name)], isCertain: false)
    }

    /// The same of a link-local source, which no router forwards.
    func linkLocal(
        _ address: Link.UnusableAddress, _ holder: Surroundings.Holder, _ source: IPAddress, at router: String,
        _ seen: Fact
    ) -> Candidate {
        let (name, device) = (holder.namespace.name, holder.link.name)
        return candidate(
            at: Finding.Place(namespace: name, device: device),
            "\(address.prefix) on \(device) in \(name) \(address.words); so \(name) sends from the link-local address \(source), and \(router) does not forward packets from such addresses",
            evidence: [seen, address.fact(on: device, of: name)], reasons: ["IP_INADDRERRORS"])
    }
}

extension Link {
    /// An IPv6 address of a device that may not be used.
    struct UnusableAddress: Sendable {
        var prefix: IPPrefix
        /// Duplicate address detection found it on somebody else; else it is not done.
        var isDuplicate: Bool

        var words: String {
            isDuplicate
                ? "is refused: duplicate address detection found it on another host (dadfailed)"
                : "is tentative: duplicate address detection is not done"
        }

        func fact(on device: String, of namespace: String) -> Fact {
            .state("\(prefix) on \(device) in \(namespace): \(isDuplicate ? "dadfailed" : "tentative")")
        }
    }

    /// All that may not be used now.
    var unusableAddresses: [UnusableAddress] {
        let tentative = addresses.filter { prefix in
            let flags = detail(of: prefix.address)?.flags ?? []
            return !prefix.address.isIPv4 && flags.contains(.tentative) && !flags.contains(.optimistic)
        }
        return (duplicateAddresses ?? []).map { UnusableAddress(prefix: $0, isDuplicate: true) }
            + tentative.map { UnusableAddress(prefix: $0, isDuplicate: false) }
    }

    /// The address of more than the link that may not be used, where the device has no other one.
    var missingGlobalAddress: UnusableAddress? {
        let unusable = unusableAddresses
        let isServed = addresses.contains { prefix in
            !prefix.address.isIPv4 && !prefix.address.isLinkLocal && !unusable.contains { $0.prefix == prefix }
        }
        return isServed ? nil : unusable.first { !$0.prefix.address.isLinkLocal }
    }
}
