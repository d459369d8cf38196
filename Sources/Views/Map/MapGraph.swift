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

    init(_ topology: Topology, isPart: Bool = false) {
        let graph = NetworkGraph(topology)
        func identifier(_ device: NetworkGraph.Device) -> String { "n\(device.namespace)d\(device.link)" }
        for (position, namespace) in topology.namespaces.enumerated() {
            var nodes: [Node] = []
            for (index, link) in namespace.links.enumerated() {
                // A plain `lo` says nothing.
                if link.kind == .loopback, link.isUp, link.addresses.allSatisfy(\.address.isLoopback) { continue }
                let device = NetworkGraph.Device(namespace: position, link: index)
                if isPart, link.peer != nil, graph.peer(of: device) == nil { continue }
                let id = identifier(device)
                nodes.append(Node(id: id, label: Self.label(link), isDown: !link.isUp))
                if let master = graph.master(of: device) {
                    edges.append(Edge(from: id, to: identifier(master), kind: .port))
                }
                if let lower = graph.lower(of: device) {
                    edges.append(Edge(from: id, to: identifier(lower), kind: .port))
                }
                if let peer = graph.peer(of: device) {
                    // Each wire once, from the end that comes first.
                    if device < peer { edges.append(Edge(from: id, to: identifier(peer), kind: .wire)) }
                } else if let peer = link.peer {
                    lead(id, to: ["?", peer.device], .wire)
                } else if let remote = link.vxlan?.remote {
                    lead(id, to: ["\(remote)"], .tunnel)
                } else if let gateway = namespace.routes.first(where: { $0.device == link.name && $0.gateway != nil })?
                    .gateway
                {
                    lead(id, to: ["\(gateway)"], .wire)
                }
            }
            let nat = namespace.netfilter.nat.map { rule in
                let to = rule.to ?? (rule.kind == .masquerade ? "outgoing address" : rule.kind.rawValue)
                return "nat: \(rule.match ?? "all") ⇒ \(to)"
            }
            groups.append(Group(id: "n\(position)", label: [namespace.name] + nat.prefix(4), nodes: nodes))
        }
    }

    private static func label(_ link: Link) -> [String] {
        var label = [link.name]
        if ![LinkKind.veth, .ethernet, .loopback].contains(link.kind) { label.append(link.kind.rawValue) }
        label += link.addresses.filter { !$0.address.isLinkLocal && !$0.address.isLoopback }.map(\.description)
        if !link.isUp { label.append("down") }
        return label
    }

    /// An edge out of the groups.
    private mutating func lead(_ id: String, to label: [String], _ kind: Edge.Kind) {
        others.append(Node(id: "\(id)far", label: label, isDown: false))
        edges.append(Edge(from: id, to: "\(id)far", kind: kind))
    }
}
