internal import Network
internal import Ruleset
internal import Wire

extension SocketStep {
    /// The rule that publishes the port for the other IP family, asked at the same device: Docker, where `ip6tables` is
    /// off, publishes for IPv4 alone. Nil where none does.
    private var publicationForOtherFamily: (rule: RuleReference, address: IPAddress)? {
        guard let link = namespace[device: device], link.kind != .loopback, packet.hasPorts else { return nil }
        let other = link.addresses.map(\.address).first { address in
            address.family != packet.destination.family && !address.isLinkLocal
        }
        guard let other else { return nil }
        var asked = packet
        asked.destination = other
        // Any source: a rule that asks for one is not said to publish.
        asked.source = other
        asked.connection = .new
        let result = HookTraversal(
            site: RuleSite(namespace: namespace, inDevice: device), hook: .prerouting,
            families: [other.isIPv4 ? "ip" : "ip6", "inet"], from: -110
        ).run(asked)
        guard let (rule, action) = result.translation, case .destinationTranslation = action else { return nil }
        return (rule, other)
    }

    /// `; iptables nat DOCKER 2 publishes that port for IPv4 only, as 203.0.113.2:8080`; empty where that is not so.
    var otherFamilyWords: String {
        guard let (rule, address) = publicationForOtherFamily else { return "" }
        let socket = address.text(port: packet.destinationPort ?? 0)
        return "; \(rule.name) publishes that port for \(address.isIPv4 ? "IPv4" : "IPv6") only, as \(socket)"
    }
}
