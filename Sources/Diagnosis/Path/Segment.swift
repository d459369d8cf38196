internal import Topology
internal import Wire

/// A way of a frame through wires, bridges and tunnels to a device where IP takes over.
struct LayerTwoPath: Sendable {
    struct Port: Sendable, Hashable {
        var namespace: String
        var device: String
    }
    enum Step: Sendable, Hashable {
        case wire(from: Port, to: Port)
        /// `in` nil: the bridge's own namespace sends; `out` nil: the bridge's own namespace takes it.
        case bridge(namespace: String, bridge: String, in: String?, out: String?)
        case tunnel(from: Port, to: Port)
    }
    var steps: [Step]
    /// Where IP takes over; for `isOutside` the device behind which nothing can be seen.
    var end: Port
    var isOutside = false

    var beginsWithWire: Bool {
        if case .wire? = steps.first { return true }
        return false
    }
}

/// All that a frame could reach on its link-layer segment, whether or not something is in the way.
struct Segment {
    let topology: Topology
    private(set) var paths: [LayerTwoPath] = []
    private var visited: Set<LayerTwoPath.Port> = []
    private let index: [String: Int]

    /// From a device outwards. Cost: linear in the devices of the segment.
    init(of topology: Topology, out device: String, namespace: String) {
        self.init(topology)
        if let space = self[namespace] { leave(space, device, []) }
    }

    /// From a device inwards.
    init(of topology: Topology, into device: String, namespace: String) {
        self.init(topology)
        if let space = self[namespace] { enter(space, device, []) }
    }

    private init(_ topology: Topology) {
        self.topology = topology
        index = Dictionary(
            topology.namespaces.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    private subscript(name: String) -> Namespace? { index[name].map { topology.namespaces[$0] } }

    private mutating func leave(_ namespace: Namespace, _ device: String, _ steps: [LayerTwoPath.Step]) {
        guard steps.count < 64, let link = namespace[device: device] else { return }
        let here = LayerTwoPath.Port(namespace: namespace.name, device: device)
        if link.kind == "bridge" {
            for port in namespace.links where port.master == device {
                leave(
                    namespace, port.name,
                    steps + [.bridge(namespace: namespace.name, bridge: device, in: nil, out: port.name)])
            }
            return
        }
        if link.kind == "macvlan" || link.kind == "vlan", let lower = link.lower {
            for sibling in namespace.links where sibling.lower == lower && sibling.name != device {
                end(namespace, sibling.name, steps)
            }
            leave(namespace, lower, steps)
            return
        }
        if let peer = link.peer {
            guard let name = peer.namespace, let other = self[name] else {
                paths.append(LayerTwoPath(steps: steps, end: here, isOutside: true))
                return
            }
            enter(
                other, peer.device,
                steps + [.wire(from: here, to: LayerTwoPath.Port(namespace: name, device: peer.device))])
            return
        }
        if let vxlan = link.vxlan {
            leaveTunnel(namespace, device, vxlan, steps)
            return
        }
        if link.kind != "loopback" {
            paths.append(LayerTwoPath(steps: steps, end: here, isOutside: true))
        }
    }

    private mutating func leaveTunnel(
        _ namespace: Namespace, _ device: String, _ vxlan: Link.VXLAN, _ steps: [LayerTwoPath.Step]
    ) {
        let here = LayerTwoPath.Port(namespace: namespace.name, device: device)
        // Any other VXLAN device is a possible far end: whether this one reaches it is checked step by step.
        for other in topology.namespaces where other.name != namespace.name {
            for link in other.links where link.vxlan != nil {
                enter(
                    other, link.name,
                    steps + [.tunnel(from: here, to: LayerTwoPath.Port(namespace: other.name, device: link.name))])
            }
        }
        let ends = vxlan.fdb.compactMap(\.destination) + [vxlan.remote].compactMap { $0 }
        if ends.contains(where: { end in !topology.namespaces.contains { $0.holds(end) } }) {
            paths.append(LayerTwoPath(steps: steps, end: here, isOutside: true))
        }
    }

    private mutating func enter(_ namespace: Namespace, _ device: String, _ steps: [LayerTwoPath.Step]) {
        let here = LayerTwoPath.Port(namespace: namespace.name, device: device)
        guard steps.count < 64, visited.insert(here).inserted, let link = namespace[device: device] else { return }
        if let master = link.master, namespace[device: master]?.kind == "bridge" {
            end(
                namespace, master,
                steps + [.bridge(namespace: namespace.name, bridge: master, in: device, out: nil)])
            for port in namespace.links where port.master == master && port.name != device {
                leave(
                    namespace, port.name,
                    steps + [.bridge(namespace: namespace.name, bridge: master, in: device, out: port.name)])
            }
            return
        }
        end(namespace, device, steps)
        for upper in namespace.links where upper.lower == device && upper.kind == "macvlan" {
            end(namespace, upper.name, steps)
        }
    }

    private mutating func end(_ namespace: Namespace, _ device: String, _ steps: [LayerTwoPath.Step]) {
        paths.append(
            LayerTwoPath(steps: steps, end: LayerTwoPath.Port(namespace: namespace.name, device: device)))
    }
}
