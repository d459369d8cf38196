internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Docker keeps its networks apart from each other.
struct NetworkIsolation: Obstacle {
    let code: FindingCode = "network-isolation"
    let steps: Set<PathStep.Kind> = [.route]
    let reasons: Set<DropReason> = ["IP_OUTNOROUTES"]

    /// A container of an internal network has no default route: that is no fault of its routes.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .route(let step) = step, step.choice.kind == nil,
            let network = InternalNetwork(step, surroundings)
        else { return [] }
        let (name, packet) = (step.namespace.name, step.packet)
        return stops(
            at: Finding.Place(namespace: name),
            "\(name) is on the Docker network of \(network.bridge), which is internal by design: it has no default route, and \(network.rule.name) in \(network.host.name) drops what would leave the network",
            evidence: [
                Fact(step.choice.evidence, "no route to \(packet.destination) in \(name)"),
                .state("\(network.rule.name): \(network.rule.text ?? "")"),
            ], remedy: connection(of: step.namespace, to: "bridge"))
    }

    /// The container joined to one more network.
    private func connection(of namespace: Namespace, to network: CommandWords) -> Remedy? {
        namespace.containers.first.map {
            Remedy([RemedyAction(in: nil, .run("docker network connect \(words: network) \($0)"))])
        }
    }

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        let devices = [rule.site.inDevice, rule.site.outDevice].compactMap(\.self)
        if let bridge = devices.compactMap({ rule.namespace[device: $0] }).first(where: rule.keepsIn) {
            var finding = base
            finding.message = rule.dockerMessage(
                "the Docker network of \(bridge.name) is internal by design: \(rule.subject) may not leave or enter it")
            finding.remedy = joined(rule, bridge, surroundings).map { Remedy(owner: $0) }
            return finding
        }
        guard let out = rule.dockerBridge, let inDevice = rule.otherDockerBridge else { return nil }
        let packet = rule.packet
        let container = sender(of: rule, surroundings)
        let network = network(of: out)
        var finding = base
        finding.message = rule.dockerMessage(
            "Docker isolates its networks from each other: \(packet.source) on \(inDevice) may not reach \(packet.destination) on \(out.name)"
        )
        if let container, let network {
            // Docker's own rules stay as they are: the container is let into the other network.
            finding.remedy?.owner = OwnerRemedies.connection(of: container, to: network)
        }
        return finding
    }
}

extension NetworkIsolation {
    private func sender(of rule: RuleEnding, _ surroundings: Surroundings) -> Namespace? {
        surroundings.topology.namespaces.first {
            $0.name != rule.namespace.name && $0.holds(rule.packet.source)
        }
    }

    /// As Docker calls the network; nil where that can't be told.
    private func network(of bridge: Link) -> String? {
        bridge.workload?.name
            ?? (bridge.name == "docker0"
                ? "bridge" : bridge.name.hasPrefix("br-") ? String(bridge.name.dropFirst(3)) : nil)
    }

    /// The sender joined to the internal network that its packet is for, or to one more than the internal one that it is in; nil
    /// where it is no container.
    private func joined(_ rule: RuleEnding, _ bridge: Link, _ surroundings: Surroundings) -> OwnerRemedy? {
        guard let container = sender(of: rule, surroundings), !container.containers.isEmpty, !rule.packet.isReply else {
            return nil
        }
        let isInto = bridge.addresses.contains { $0.contains(rule.packet.destination) }
        guard let network = isInto ? network(of: bridge) : "bridge" else { return nil }
        return OwnerRemedies.connection(of: container, to: network)
    }
}

extension RuleEnding {
    /// The Docker bridge that the packet is on its way to, where Docker's rules are at work.
    var dockerBridge: Link? {
        guard isDocker, let out = namespace.dockerBridge(holding: packet.destination),
            site.outDevice ?? out.name == out.name
        else { return nil }
        return out
    }

    /// The other Docker bridge that it came in by.
    var otherDockerBridge: String? {
        guard let inDevice = site.inDevice, inDevice != dockerBridge?.name, namespace.isDockerBridge(inDevice) else {
            return nil
        }
        return inDevice
    }

    func dockerMessage(_ meaning: String) -> String {
        "\(meaning); dropped by \(rule.name): \(rule.text ?? "policy drop")"
    }
}
