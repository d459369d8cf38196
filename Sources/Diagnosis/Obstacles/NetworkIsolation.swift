internal import Ruleset
internal import Network
internal import WalkModel

/// Docker keeps its networks apart from each other.
struct NetworkIsolation: Obstacle {
    let code: FindingCode = "network-isolation"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard let out = rule.dockerBridge, let inDevice = rule.otherDockerBridge else { return nil }
        let packet = rule.packet
        let container = surroundings.topology.namespaces.first {
            $0.name != rule.namespace.name && $0.holds(packet.source)
        }
        let network =
            out.name == "docker0" ? "bridge" : out.name.hasPrefix("br-") ? String(out.name.dropFirst(3)) : nil
        var finding = base
        finding.message = rule.dockerMessage(
            "Docker isolates its networks from each other: \(packet.source) on \(inDevice) may not reach \(packet.destination) on \(out.name)"
        )
        if let container, let network {
            let name = container.containers.first ?? container.name
            finding.remedy = Remedy([
                RemedyAction(in: nil, .run("docker network connect \(network) \(name)"))
            ])
        }
        return finding
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
