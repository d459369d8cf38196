internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A rule gives packets to a socket of the machine itself (TPROXY), and no socket listens on its port, or none that may
/// take what is for others (IP_TRANSPARENT).
struct ProxyNotListening: Obstacle {
    let code: FindingCode = "proxy-not-listening"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .proxy(let proxy) = rule.ending.kind else { return nil }
        let port = proxy.port ?? rule.packet.destinationPort ?? 0
        let name = rule.packet.ipProtocol.description
        let others = rule.namespace.listeners.filter { $0.protocol == name }.map(\.words)
        var finding = base
        let opaque = rule.namespace.listeners.first {
            $0.protocol == name && $0.port == port && $0.isTransparent == false
        }
        if let opaque {
            finding.message =
                "\(rule.rule.name) in \(rule.namespace.name) gives \(rule.subject) to a proxy on \(name) port \(port) (TPROXY), and the socket of \(opaque.words) may not take what is for other addresses: it lacks IP_TRANSPARENT, so the packet is dropped; the proxy has to be set up for TPROXY"
            finding.evidence.append(.state("\(opaque.words) in \(rule.namespace.name) without IP_TRANSPARENT"))
            return finding
        }
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) gives \(rule.subject) to a proxy on \(name) port \(port) (TPROXY), and nothing there listens on that port: the packet is dropped"
        finding.evidence.append(
            .state(
                "no \(name) socket on port \(port) in \(rule.namespace.name); listening: \(others.isEmpty ? "none" : others.prefix(6).joined(separator: ", "))"
            ))
        return finding
    }
}
