internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Nobody answers for the next hop's address; or the question, or its answer, is dropped by a rule.
struct NeighborUnresolved: Obstacle {
    static let dropReasons: Set<DropReason> = ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NOT_SPECIFIED"]

    let code: FindingCode = "neighbor-unresolved"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons: Set<DropReason> = Self.dropReasons
    let traits: ObstacleTraits = .isSymptom

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        switch reason {
        case "NEIGH_FAILED": "the next hop did not reply"
        case "NEIGH_QUEUEFULL": "the next hop has not replied yet, and its queue is full"
        default: nil
        }
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step): examine(step, surroundings)
        default: []
        }
    }

    private func examine(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        var judgements: [Judgement] = []
        if step.isKnown, let mac = step.entry?.mac {
            judgements.append(
                .passed(
                    "neighbour \(step.hop) on \(step.link.name) in \(step.namespace.name): \(step.state?.rawValue ?? "") \(mac)"
                ))
        }
        switch step.resolution {
        case .outside, .stray: break
        case .path(let path):
            if !step.isKnown, step.isUnanswered, step.silences.isEmpty,
                step.misplaced(surroundings.topology) == nil
            {
                judgements += unanswered(step, path, surroundings)
            }
        case .nobody:
            // Who may have answered can't be seen; whether the asker's own rules would let the answer in can.
            if step.hasOutside, step.isUnanswered, step.silences.isEmpty {
                judgements += unanswered(step, nil, surroundings)
            }
            let isOther =
                step.choice.gateway != nil || WrongNetmask.prefixes(step, surroundings.context.graph) != nil
            let isNamed =
                step.deadEnd != nil || surroundings.loosePort(step) != nil
                || WrongRoute.Cover(step, surroundings)?.isReached == true
                || ProxyMissing.Router(step, surroundings) != nil
            if !isOther, step.silences.isEmpty, !isNamed {
                judgements.append(.candidate(unresolved(step, surroundings)))
            }
        }
        return judgements
    }

    private func unresolved(_ step: NeighbourStep, _ surroundings: Surroundings) -> Candidate {
        let (namespace, device) = (step.namespace.name, step.link.name)
        let diversion = Diversion(of: step.packet, in: step.namespace, by: nil, surroundings)?.words ?? ""
        let cover = WrongRoute.Cover(step, surroundings)
        let misplaced = surroundings.portOnOtherBridge(step)
        return candidate(
            at: Finding.Place(namespace: namespace, device: device),
            "no \(step.protocolName) reply from \(step.hop) on \(device) in \(namespace): \(step.whereabouts(surroundings.context.graph))\(step.formerHolder(surroundings.context))\(diversion)\(misplaced?.words ?? (diversion.isEmpty ? cover?.words(step, surroundings) : nil) ?? "")",
            evidence: [step.fact, Fact(step.choice.evidence, step.choice.text)],
            remedy: misplaced?.remedy ?? remedy(step, cover, surroundings), isCertain: !step.hasOutside)
    }

    /// A gateway for a default route that has none.
    private func remedy(
        _ step: NeighbourStep, _ cover: WrongRoute.Cover?, _ surroundings: Surroundings
    ) -> Remedy? {
        guard let route = cover?.route, route.destination.length == 0, route.origin != .kernel,
            let gateway = surroundings.gateways(for: step.packet, step.namespace).first
        else { return nil }
        let table: CommandWords = route.table == .main ? "" : "table \(route.table)"
        return Remedy([
            .ip(step.namespace, step.hop.family, "route replace default via \(gateway.address) \(words: table)")
        ])
    }

    /// The question was asked and not answered though the address is there. What is between is asked step by step as the
    /// packet's own frame would be; here the rules that only the question and its answer meet.
    private func unanswered(
        _ step: NeighbourStep, _ path: LayerTwoPath?, _ surroundings: Surroundings
    ) -> [Judgement] {
        if let path {
            guard let holder = surroundings.topology[namespace: path.end.namespace] else { return [] }
            let question = NeighbourQuestion(step, along: path, to: holder, surroundings.topology)
            return question.stopped(surroundings).map { [.candidate($0)] } ?? []
        }
        // Of several ways out each is asked: one of them is enough.
        let own = LayerTwoPath.Port(namespace: step.namespace.name, device: step.link.name)
        let outside = surroundings.context.graph.segment(out: own.device, of: own.namespace).paths.filter(\.isOutside)
        var found: [Candidate] = []
        for path in outside.isEmpty ? [LayerTwoPath(steps: [], end: own, isOutside: true)] : outside {
            let question = NeighbourQuestion(step, along: path, to: nil, surroundings.topology)
            guard let stopped = question.stopped(surroundings) else { return [] }
            if !found.contains(where: { $0.finding.rule == stopped.finding.rule }) { found.append(stopped) }
        }
        return found.map(Judgement.candidate)
    }

    /// A neighbour beyond what can be seen, which a packet was handed to: whether rules of the namespace keep from it the reply to
    /// its question for the namespace's address, so that it can't send anything back.
    ///
    /// - Parameters:
    ///   - packet: as it left.
    ///   - choice: the route that it took.
    func unheard(
        _ packet: PacketState, _ choice: RouteChoice, by link: Link, of namespace: Namespace,
        _ surroundings: Surroundings
    ) -> Candidate? {
        let neighbour = choice.gateway ?? packet.destination
        let own = link.addresses.map(\.address).filter { $0.family == neighbour.family }
        guard let address = own.first(where: { $0 == packet.source }) ?? own.first(where: { !$0.isLinkLocal }) else {
            return nil
        }
        let question = NeighbourQuestion(of: neighbour, for: address, by: link, of: namespace)
        guard var found = question.stopped(surroundings) else { return nil }
        // It may know the address from before.
        found.isCertain = false
        return found
    }

    /// The packet waits for a neighbour that has not answered, and nothing that could keep the answer back was found.
    ///
    /// - Parameter path: what was looked at.
    func waiting(
        for entry: Neighbor, in namespace: String, on device: String, path: ForwardPath
    ) -> Candidate {
        let state = entry.state
        let checked = path.checkedWords
        return candidate(
            at: Finding.Place(namespace: namespace, device: device),
            "the packet waits in \(namespace) for the link-layer address of \(entry.address) on \(device) (\(state)); what was looked at does not say why there is no reply\(checked)",
            evidence: [.state("neighbour \(entry.address) on \(device) in \(namespace): \(state)")], isCertain: false,
            reasons: [])
    }
}

extension NeighbourStep {
    var protocolName: String { hop.isIPv4 ? "ARP" : "neighbour discovery" }

    var fact: Fact { .state("neighbour \(hop) on \(link.name) in \(namespace.name): \(state?.rawValue ?? "no entry")") }

    /// Namespaces that have the next hop's address, wherever links lead.
    func elsewhere(_ topology: Topology) -> [String] {
        topology.namespaces.filter { $0.name != namespace.name && $0.holds(hop) }.map(\.name)
    }

    /// `; shop-db-1 had it when the run began, and is gone`: of a container that ended meanwhile.
    func formerHolder(_ context: DiagnosisContext) -> String {
        guard let before = context.before else { return "" }
        let present = Set(context.topology.namespaces.map(\.inode))
        // Of those alone that links joined to it: others may use the same addresses.
        let joined = NetworkGraph(before).joined(to: [namespace.name]).topology
        let former = joined.namespaces.first { $0.holds(hop) && !present.contains($0.inode) }
        return former.map { "; \($0.name) had it when the run began, and is gone" } ?? ""
    }

    /// By which packets the question goes where it goes through a tunnel; nil where it does not.
    private var outerWords: String? {
        guard let vxlan = link.vxlan else { return nil }
        let flooding = vxlan.fdb.filter { $0.mac == MACAddress(value: 0) }.compactMap(\.destination)
        var ends: [IPAddress] = []
        for end in [vxlan.remote].compactMap(\.self) + flooding where !ends.contains(end) { ends.append(end) }
        guard let first = ends.first else { return nil }
        let others = ends.count > 1 ? " and \(ends.count - 1) others" : ""
        return
            "the question goes inside VXLAN \(vxlan.identifier), in outer packets to \(first)\(others), UDP port \(vxlan.port); what becomes of them beyond \(namespace.name) can't be seen"
    }

    /// Another device of the namespace, by whose link somebody has the next hop's address.
    private func ownLink(_ graph: NetworkGraph) -> String? {
        let others = namespace.links.filter { $0.name != link.name && $0.kind != .loopback && $0.master == nil }
        return others.first { other in
            graph.segment(out: other.name, of: namespace.name).paths.contains { path in
                !path.isOutside && path.end.namespace != namespace.name
                    && graph.link(path.end.device, in: path.end.namespace)?.addresses.contains {
                        $0.address == hop
                    } == true
            }
        }?.name
    }

    func whereabouts(_ graph: NetworkGraph) -> String {
        let names = elsewhere(graph.topology)
        let rest = hasOutside ? "; \(outerWords ?? "what the link leads to outside can't be seen")" : ""
        let scope = graph.isPart ? "that links join to \(namespace.name)" : "on this host"
        return names.isEmpty
            ? "no namespace \(scope) has \(hop)\(rest)"
            : "\(hop) is configured in \(names.joined(separator: ", ")), not on this link\(ownLink(graph).map { " but on that of \($0)" } ?? "")"
    }
}
