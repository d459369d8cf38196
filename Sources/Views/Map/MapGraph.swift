import Network
import Wire

/// A topology as nodes and edges, for formats that lay out by themselves.
struct MapGraph {
    struct Node {
        var id: String
        var label: [String]
        var isDown: Bool
    }

    struct Group {
        var id: String
        var label: [String]
        var nodes: [Node]
    }

    struct Edge {
        enum Kind {
            case wire
            /// A port to its bridge.
            case port
            case tunnel
        }
        var from: String
        var to: String
        var kind: Kind
    }

    var groups: [Group] = []
    var edges: [Edge] = []
    /// What wires lead to outside of the groups.
    var others: [Node] = []

    init(_ topology: Topology) {
        var identifiers: [String: String] = [:]
        func key(_ namespace: String, _ device: String) -> String { "\(namespace)\u{0}\(device)" }
        for (group, namespace) in topology.namespaces.enumerated() {
            for (node, link) in namespace.links.enumerated() {
                identifiers[key(namespace.name, link.name)] = "n\(group)d\(node)"
            }
        }
        for (index, namespace) in topology.namespaces.enumerated() {
            var nodes: [Node] = []
            for link in namespace.links {
                // A plain `lo` says nothing.
                if link.kind == "loopback", link.isUp, link.addresses.allSatisfy(\.address.isLoopback) { continue }
                guard let id = identifiers[key(namespace.name, link.name)] else { continue }
                var label = [link.name]
                if !["veth", "ethernet", "loopback"].contains(link.kind) { label.append(link.kind) }
                label += link.addresses.filter { !$0.address.isLinkLocal && !$0.address.isLoopback }.map(\.description)
                if !link.isUp { label.append("down") }
                nodes.append(Node(id: id, label: label, isDown: !link.isUp))
                if let master = link.master, let bridge = identifiers[key(namespace.name, master)] {
                    edges.append(Edge(from: id, to: bridge, kind: .port))
                }
                if let lower = link.lower, let below = identifiers[key(namespace.name, lower)] {
                    edges.append(Edge(from: id, to: below, kind: .port))
                }
                if let peer = link.peer {
                    if let name = peer.namespace, let other = identifiers[key(name, peer.device)] {
                        // Each wire once, from the end that comes first.
                        if id < other || identifiers[key(name, peer.device)] == nil {
                            edges.append(Edge(from: id, to: other, kind: .wire))
                        }
                    } else {
                        let other = Node(id: "\(id)far", label: ["?", peer.device], isDown: false)
                        others.append(other)
                        edges.append(Edge(from: id, to: other.id, kind: .wire))
                    }
                } else if let remote = link.vxlan?.remote {
                    let other = Node(id: "\(id)far", label: ["\(remote)"], isDown: false)
                    others.append(other)
                    edges.append(Edge(from: id, to: other.id, kind: .tunnel))
                } else if let gateway = namespace.routes.first(where: { $0.device == link.name && $0.gateway != nil })?
                    .gateway
                {
                    let other = Node(id: "\(id)far", label: ["\(gateway)"], isDown: false)
                    others.append(other)
                    edges.append(Edge(from: id, to: other.id, kind: .wire))
                }
            }
            let nat = namespace.netfilter.nat.map { rule in
                "nat: \(rule.match ?? "all") ⇒ \(rule.to ?? (rule.kind == "masquerade" ? "outgoing address" : rule.kind))"
            }
            groups.append(Group(id: "n\(index)", label: [namespace.name] + nat.prefix(4), nodes: nodes))
        }
    }
}
