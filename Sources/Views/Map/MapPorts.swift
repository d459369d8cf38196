import Network
import Ruleset
import Wire

/// Sockets that take packets, by namespace, with the rules that publish them.
struct MapPorts {
    private let topology: Topology

    init(_ topology: Topology) {
        self.topology = topology
    }

    private struct Port: Hashable {
        var name: String
        var port: UInt16
    }

    var table: Table {
        var rows: [Table.Row] = []
        var told: Set<NATRule> = []
        let namespaces =
            topology.namespaces.filter { $0.name == "host" }
            + topology.namespaces.filter { $0.name != "host" }.sorted { NaturalOrder.isBefore($0.name, $1.name) }
        for namespace in namespaces {
            for (port, sockets) in ports(namespace) {
                let addresses = unique(sockets.map { address($0) }).joined(separator: " ")
                let processes = unique(sockets.compactMap(\.process)).joined(separator: " ")
                let rules = publications(of: port, in: namespace)
                told.formUnion(rules.map(\.rule))
                let published = rules.map { "published by \($0.namespace): \(words($0.rule))" }.joined(separator: "; ")
                rows.append(
                    Table.Row([namespace.name, "\(port.name) \(port.port)", addresses, processes, published]))
            }
        }
        for namespace in namespaces {
            for rule in namespace.netfilter.nat where isPublication(rule) && !told.contains(rule) {
                rows.append(
                    Table.Row(
                        [rule.to ?? "?", "", "", "nobody", "published by \(namespace.name): \(words(rule))"],
                        mark: .caution))
            }
        }
        if rows.isEmpty { return Table(rows: [Table.Row(["no socket listens"])]) }
        return Table(heading: ["namespace", "port", "address", "process", ""], rows: rows)
    }

    /// In the order of ports.
    private func ports(_ namespace: Namespace) -> [(port: Port, sockets: [Listener])] {
        var sockets: [Port: [Listener]] = [:]
        for listener in namespace.listeners {
            sockets[Port(name: listener.protocol.rawValue, port: listener.port), default: []].append(listener)
        }
        return sockets.map { ($0.key, $0.value) }.sorted {
            ($0.port.port, $0.port.name) < ($1.port.port, $1.port.name)
        }
    }

    private func address(_ listener: Listener) -> String {
        let text = listener.address.isUnspecified ? (listener.address.isIPv4 ? "*" : "[*]") : "\(listener.address)"
        return text + (listener.device.map { "%\($0)" } ?? "")
    }

    private func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    // MARK: Published

    private func isPublication(_ rule: NATRule) -> Bool {
        rule.kind == .dnat && rule.to != nil && !rule.rule.isOfDockersResolver
    }

    /// Rules anywhere that lead to the port: by the namespace's address, and by the port where they name one.
    private func publications(of port: Port, in namespace: Namespace) -> [(namespace: String, rule: NATRule)] {
        topology.namespaces.flatMap { other in
            other.netfilter.nat.filter { rule in
                guard isPublication(rule), let (address, number) = rule.to.flatMap(Self.end) else { return false }
                let isProtocol =
                    rule.match.map { $0.contains("tcp") || $0.contains("udp") } != true
                    || rule.match?.contains(port.name) == true
                return namespace.holds(address) && !address.isLoopback && isProtocol
                    && (number.map { $0 == port.port } ?? (rule.match?.contains("\(port.port)") == true))
            }.map { (other.name, $0) }
        }
    }

    /// `172.19.0.2:80`, `[fd00::2]:80`, `172.19.0.2`
    private static func end(_ text: String) -> (IPAddress, UInt16?)? {
        if let address = IPAddress(text) { return (address, nil) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon].drop { $0 == "[" }
        return IPAddress(String(host.last == "]" ? host.dropLast() : host)).map { ($0, port) }
    }

    private func words(_ rule: NATRule) -> String { rule.match.flatMap { $0.isEmpty ? nil : $0 } ?? "all" }
}
