internal import Network
internal import Ruleset
internal import Wire

extension Namespace {
    func isDockerBridge(_ device: String) -> Bool {
        guard self[device: device]?.kind == .bridge else { return false }
        let names = [
            "DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2",
        ]
        return device == "docker0" || device.hasPrefix("br-")
            || netfilter.chains.contains { chain in
                (names.contains(chain.name) || chain.table.hasPrefix("docker-bridges"))
                    && (chain.name.hasSuffix("__\(device)") || chain.rules.contains { $0.text.contains(" \(device) ") })
            }
    }

    /// The Docker bridge whose network holds an address.
    func dockerBridge(holding address: IPAddress) -> Link? {
        links.first { link in
            link.kind == .bridge && isDockerBridge(link.name) && link.addresses.contains { $0.contains(address) }
        }
    }

    /// Rules that send what is for this namespace elsewhere.
    var publications: [NATRule] {
        netfilter.nat.filter { ($0.kind == .dnat || $0.kind == .redirect) && !$0.rule.isOfDockersResolver }
    }

    /// What DNAT rules of this namespace publish, as text, with the conditions in front of their chains.
    var publishedPorts: [String] {
        publications.map { translation in
            let rule = translation.rule
            let front = rule.backend.map {
                netfilter.compiled.conditions(
                    leadingTo: CompiledChain.Key(
                        backend: $0, family: rule.family, table: rule.table, name: rule.chain))
            }
            let only = front.flatMap { $0.isEmpty ? nil : "(only \($0.joined(separator: ", ")))" }
            // Where a map gives the target, only the rule itself says what goes where.
            if translation.kind == .dnat, translation.to == nil, let text = rule.text {
                return [text, only].compactMap { $0 }.joined(separator: " ")
            }
            return [translation.match, translation.to.map { "⇒ \($0)" }, only].compactMap { $0 }
                .joined(separator: " ")
        }
    }
}
