internal import Network
internal import Probes
internal import Snapshot
internal import Wire

/// The kinds of packet that are sent to see what a change opens and closes: from every namespace to every address, at every
/// port that somebody listens at or that a rule or the change names, and just beside it.
struct ProbeKinds {
    /// One packet, and what it is called when its fate is told.
    struct Probe: Hashable {
        var packet: TrialPacket
        var source: String
        var destination: IPAddress
        /// `icmp`, `tcp 80`.
        var kind: String
    }

    var topology: Topology
    var snapshot: HostSnapshot
    var request: PacketRequest
    var from: String
    var commands: [String]
    var limit = 1000

    /// Without the packet that the change is for.
    func probes() -> [Probe] {
        var result: [Probe] = []
        var seen: Set<Probe> = []
        let ports = self.ports
        let targets = self.targets
        // Ports in turn: where there are too many kinds, each pair of ends still has some.
        let kinds: [(PacketRequest.Kind, String)] =
            [(.echo, "icmp")] + ports.flatMap { [(.tcp($0), "tcp \($0)"), (.udp($0), "udp \($0)")] }
        for (kind, name) in kinds {
            for namespace in topology.namespaces.sorted(by: { ($0.name == from ? 0 : 1) < ($1.name == from ? 0 : 1) }) {
                for target in targets where canSend(namespace, target) {
                    if namespace.name == from, target == request.destination, kind == request.kind { continue }
                    let probe = Probe(
                        packet: TrialPacket(
                            from: namespace.name, PacketRequest(kind: kind, destination: target)),
                        source: namespace.name, destination: target, kind: name)
                    if seen.insert(probe).inserted { result.append(probe) }
                    if result.count == limit { return result }
                }
            }
        }
        return result
    }

    private func canSend(_ namespace: Namespace, _ target: IPAddress) -> Bool {
        namespace.links.contains { link in
            link.addresses.contains { $0.address.family == target.family && !$0.address.isLoopback }
        } && !namespace.holds(target)
    }

    /// Every global address, those that rules and the change name, and those beside their networks' bounds.
    private var targets: [IPAddress] {
        var result: [IPAddress] = []
        func add(_ address: IPAddress?) {
            guard let address, !address.isLoopback, !address.isLinkLocal, !address.isUnspecified, !address.isMulticast,
                !result.contains(address)
            else { return }
            result.append(address)
        }
        add(request.destination)
        for namespace in topology.namespaces {
            for prefix in namespace.links.flatMap(\.addresses) { add(prefix.address) }
        }
        for word in words {
            guard let prefix = IPPrefix(word) else { continue }
            add(prefix.address)
        }
        return Array(result.prefix(60))
    }

    private var ports: [UInt16] {
        var result: [UInt16] = []
        func add(_ port: UInt16?) {
            if let port, port > 0, !result.contains(port) { result.append(port) }
        }
        if request.destinationPort > 0 { add(request.destinationPort) }
        for namespace in topology.namespaces { for listener in namespace.listeners { add(listener.port) } }
        for (previous, word) in zip(words, words.dropFirst()) where previous.hasSuffix("port") {
            for end in word.split(whereSeparator: { $0 == ":" || $0 == "-" }) { add(UInt16(end)) }
        }
        for port in result {
            add(port &- 1)
            add(port &+ 1)
        }
        return Array(result.prefix(24))
    }

    /// Of rules and of the change.
    private var words: [String] {
        let rules = topology.namespaces.flatMap(\.netfilter.chains).flatMap(\.rules).prefix(500).map(\.text)
        return (commands + rules).flatMap { text in
            text.split { $0 == " " || $0 == "," || $0 == "{" || $0 == "}" || $0 == "\"" }.map(String.init)
        }
    }
}
