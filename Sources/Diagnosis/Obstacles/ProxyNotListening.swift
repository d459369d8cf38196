internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A rule gives packets to a socket of the machine itself (TPROXY), and no socket listens on its port.
struct ProxyNotListening: Obstacle {
    let code: FindingCode = "proxy-not-listening"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .proxy(let proxy) = rule.ending.kind else { return nil }
        let port = proxy.port ?? rule.packet.destinationPort ?? 0
        let name = TransportProtocol(rule.packet.ipProtocol)
        let others = rule.namespace.listeners.filter { $0.protocol == name }.map(\.words)
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) gives \(rule.subject) to a proxy on \(name) port \(port) (TPROXY), and nothing there listens on that port: the packet is dropped"
        finding.evidence.append(
            .state(
                "no \(name) socket on port \(port) in \(rule.namespace.name); listening: \(others.isEmpty ? "none" : others.prefix(6).joined(separator: ", "))"
            ))
        return finding
    }
}
