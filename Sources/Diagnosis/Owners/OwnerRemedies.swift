internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The fix in the words of whoever wrote the rule: one entry for each owner that has commands of its own, or of which is to
/// be said what becomes of a rule among its own.
enum OwnerRemedies {
    private static let byOwner: [RuleOwner: @Sendable (RuleEnding) -> OwnerRemedy] = [
        .ufw: UfwRemedy.remedy, .firewalld: FirewalldRemedy.remedy, .docker: docker,
        .libvirt: noting(
            "libvirt puts its rules in front again when a network starts: /etc/libvirt/hooks/network can add this one after it"
        ),
        .cni: noting("CNI writes its chains again for each pod; rules of your own belong into CNI-ADMIN"),
        .netavark: noting("netavark writes its chains again for each container that starts"),
        .kubernetes: noting("kube-proxy writes its chains again at once: the Service is what to change"),
        .calico: policy, .cilium: policy, .kubeRouter: policy,
    ]

    /// Nil where the rule is nobody's that is known.
    static func remedy(for rule: RuleEnding) -> OwnerRemedy? {
        if let owner = rule.ending.purpose?.owner { return byOwner[owner]?(rule) }
        // A policy that is left of rules that were flushed.
        guard rule.ending.kind == .policy, rule.traversal.hook == .forward else { return nil }
        let devices = [rule.site.inDevice, rule.site.outDevice].compactMap { $0.flatMap { rule.namespace[device: $0] } }
        return devices.lazy.compactMap { FlushedRules.remedy(for: $0, table: "filter", in: rule.namespace) }.first
    }

    private static func noting(_ note: String) -> @Sendable (RuleEnding) -> OwnerRemedy {
        { rule in OwnerRemedy(rule.ending.purpose?.owner.rawValue ?? "", note: note) }
    }

    private static func docker(_ rule: RuleEnding) -> OwnerRemedy {
        OwnerRemedy(
            RuleOwner.docker.rawValue,
            note:
                "Docker leaves DOCKER-USER as it is, and writes its other chains again; after a reboot the rule is gone"
        )
    }

    private static func policy(_ rule: RuleEnding) -> OwnerRemedy {
        OwnerRemedy(
            rule.ending.purpose?.owner.rawValue ?? "",
            note:
                "the rules are written again at once: a NetworkPolicy has to allow it (kubectl describe networkpolicy -A)"
        )
    }

    // MARK: - Container engines

    /// A container joined to one more network.
    static func connection(of namespace: Namespace, to network: String) -> OwnerRemedy {
        let container = namespace.containers.first ?? namespace.name
        let engine = Engine(of: namespace)
        return OwnerRemedy(engine.name, ["\(engine.program) network connect \(network) \(container)"])
    }

    /// A port of a container published; nil where no engine's container is in the namespace.
    static func publication(of port: UInt16, _ ipProtocol: IPProtocol, in namespace: Namespace) -> OwnerRemedy? {
        guard let container = namespace.containers.first, Engine.isKnown(namespace) else { return nil }
        let engine = Engine(of: namespace)
        let suffix = ipProtocol == .tcp ? "" : "/\(ipProtocol.description.lowercased())"
        let pair = "\(port):\(port)\(suffix)"
        if let service = namespace.workloads?.first(where: { $0.kind == .service }) {
            let project: CommandWords = service.group.map { "-p \($0)" } ?? ""
            return OwnerRemedy(
                engine.name, ["\(engine.program) compose \(words: project) up -d \(service.name)"],
                note: "with ports: [\"\(pair)\"] written to the service \(service.name) in its compose file")
        }
        return OwnerRemedy(
            engine.name, lines: ["\(engine.program) run -p \(pair) --name \(shellWord(container)) …"],
            note: "ports are published when a container is made: remove it, and run it again as before with -p")
    }

    private struct Engine {
        var name: String
        var program: String

        init(of namespace: Namespace) {
            let isPodman = namespace.workloads?.contains { $0.manager == .podman } == true
            (name, program) = isPodman ? ("Podman", "podman") : ("Docker", "docker")
        }

        /// Whether the container is one that these programs made. A namespace without a word on it is of an older recording.
        static func isKnown(_ namespace: Namespace) -> Bool {
            guard let workloads = namespace.workloads else { return true }
            return !workloads.contains { $0.kind == .pod }
                && workloads.contains { $0.manager == .docker || $0.manager == .podman }
        }
    }
}

extension PacketState {
    /// Its port as ufw and firewalld write it; nil for a protocol without ports.
    var portWord: String? {
        guard hasPorts, fragment != .later, let destinationPort else { return nil }
        return "\(destinationPort)/\(ipProtocol.ruleName)"
    }
}
