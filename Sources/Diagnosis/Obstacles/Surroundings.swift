internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// What an obstacle may look at beside the step itself.
struct Surroundings: Sendable {
    /// A translation of an address that the packet met.
    struct Translation: Sendable {
        var namespace: String
        var rule: RuleReference
        var isSource: Bool
    }

    let inputs: PathInputs
    /// The packet as first sent.
    var origin: PacketState
    /// Translations on the path so far, with that of the present hook.
    var translations: [Translation] = []

    /// Rules on the path so far that set the packet's mark, by namespace.
    var markings: [(namespace: String, marking: HookResult.Marking)] = []

    /// Rules on the path so far that give the packet to a socket, by namespace.
    var proxyings: [(namespace: String, proxying: HookResult.Proxying)] = []

    init(_ inputs: PathInputs, origin: PacketState) {
        self.inputs = inputs
        self.origin = origin
    }

    var context: DiagnosisContext { inputs.context }
    var topology: Topology { inputs.topology }

    /// Takes up a translation that the rules of a hook make.
    mutating func note(_ step: HookStep) {
        if let proxying = step.result.proxying { proxyings.append((step.traversal.site.namespace.name, proxying)) }
        markings += step.result.markings.map { (step.traversal.site.namespace.name, $0) }
        guard let (rule, action) = step.result.translation else { return }
        var reference = rule
        let isSource =
            switch action {
            case .masquerade, .sourceTranslation: true
            case .netmap: step.traversal.hook == .postrouting || step.traversal.hook == .input
            default: false
            }
        reference.verdict = isSource ? "masquerade" : "dnat"
        translations.append(
            Translation(namespace: step.traversal.site.namespace.name, rule: reference, isSource: isSource))
    }

    // MARK: Who else is there

    /// Next hops that could serve: on the same link, forwarding, with an address in one of our prefixes and a route.
    ///
    /// - Parameters:
    ///   - down: a device that is looked at although it is down.
    ///   - thatForward: whether only those count that forward already.
    func gateways(
        for packet: PacketState, _ namespace: Namespace, including down: String? = nil, thatForward: Bool = true
    ) -> [Gateway] {
        var found: [Gateway] = []
        for link in namespace.links
        where (link.isUp || link.name == down) && link.kind != .loopback && link.master == nil {
            let prefixes = link.addresses.filter {
                $0.address.family == packet.destination.family && !$0.address.isLinkLocal && $0.length > 0
            }
            if prefixes.isEmpty { continue }
            for path in context.graph.segment(out: link.name, of: namespace.name).paths where !path.isOutside {
                guard let other = topology[namespace: path.end.namespace], other.name != namespace.name,
                    let device = other[device: path.end.device],
                    let address = device.addresses.first(where: { candidate in
                        prefixes.contains { $0.contains(candidate.address) && $0.address != candidate.address }
                    })
                else { continue }
                let choice = other.lookUpRoute(
                    to: packet.destination, source: packet.source, mark: 0, inDevice: path.end.device)
                let isOwn = choice.kind == .local
                guard isOwn || choice.kind == .unicast && choice.device != path.end.device else { continue }
                guard isOwn || !thatForward || inputs.forwards(other, path.end.device, packet) else { continue }
                found.append(Gateway(address: address.address, namespace: other.name))
            }
        }
        return found
    }

    struct Gateway: Sendable {
        var address: IPAddress
        var namespace: String
    }

    /// A device that has an address.
    struct Holder: Sendable {
        var namespace: Namespace
        var link: Link
        var words: String {
            let mac = link.kind == .loopback ? nil : link.mac
            return "\(namespace.name) \(link.name)\(mac.map { " (\($0))" } ?? "")"
        }
    }

    /// Who has `address` on the link by which `taker` does; the taker first, empty where it does not have it.
    func holders(of address: IPAddress, beside taker: String) -> [Holder] {
        guard let own = topology[namespace: taker],
            let link = own.links.first(where: { $0.addresses.contains { $0.address == address } })
        else { return [] }
        let first = Holder(namespace: own, link: link)
        // An address of any of its devices is replied for on all of its links.
        let links = link.kind == .loopback && address.isIPv4 && !address.isLoopback ? own.links : [link]
        let others = links.filter { $0.kind != .loopback || $0.name == link.name }.flatMap {
            holders(of: address, onLinkOf: Holder(namespace: own, link: $0))
        }
        return [first] + others
    }

    /// Who else has `address` on the link of `holder`.
    func holders(of address: IPAddress, onLinkOf holder: Holder) -> [Holder] {
        let name = holder.namespace.name
        return context.graph.segment(out: holder.link.name, of: name).paths.compactMap { path in
            guard !path.isOutside, path.end.namespace != name, let other = topology[namespace: path.end.namespace],
                let end = other[device: path.end.device], end.addresses.contains(where: { $0.address == address })
            else { return nil }
            return Holder(namespace: other, link: end)
        }
    }

    /// Who has `address` anywhere, one namespace before the others.
    func holders(of address: IPAddress, first name: String? = nil) -> [Holder] {
        let all = topology.namespaces.flatMap { namespace in
            namespace.links.filter { $0.addresses.contains { $0.address == address } }.map {
                Holder(namespace: namespace, link: $0)
            }
        }
        return all.filter { $0.namespace.name == name } + all.filter { $0.namespace.name != name }
    }

    /// The ICMP errors of these types that came back.
    func errors(ofTypes types: [UInt8]) -> [Fact] {
        context.icmpErrors.filter { types.contains($0.type) }.map {
            .seen(
                "ICMP type \($0.type) code \($0.code) from \($0.source)\($0.mtu > 0 ? ", MTU \($0.mtu)" : "")\($0.reachedSender ? ", which reached the sender" : ", which did not reach the sender")"
            )
        }
    }
}

extension Candidate {
    /// Of the outer packet of a tunnel. Its size is another than that of the questions that wait for an answer.
    func concerning(_ carrier: Carrier) -> Candidate {
        var copy = with(traits.contains(.dependsOnSize) ? .isOfCarrier : [.isOfCarrier, .stopsNeighbourDiscovery])
        let addresses = "\(carrier.packet.source) > \(carrier.packet.destination)"
        let isNamed = copy.finding.message.contains(addresses)
        copy.finding.message +=
            "; this \(isNamed ? "is the outer packet" : "concerns the outer packet \(addresses)") of \(carrier.words), which carries \(carrier.inner.source) > \(carrier.inner.destination)"
        return copy
    }

    func with(_ traits: ObstacleTraits) -> Candidate {
        var copy = self
        copy.traits.formUnion(traits)
        return copy
    }
}
