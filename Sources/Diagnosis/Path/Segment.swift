internal import Network
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
    /// Devices that a frame already entered, and those that it already left by: each is followed once, so a topology
    /// whose links form a circle, or name themselves, comes to an end.
    private var entered: Set<LayerTwoPath.Port> = []
    private var left: Set<LayerTwoPath.Port> = []
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
        let here = LayerTwoPath.Port(namespace: namespace.name, device: device)
        guard steps.count < 64, left.insert(here).inserted, let link = namespace[device: device] else { return }
        if link.kind == "bridge" {
            for port in namespace.links where port.master == device {
                leave(
                    namespace, port.name,
                    steps + [.bridge(namespace: namespace.name, bridge: device, in: nil, out: port.name)])
            }
            return
        }
        if link.kind == "macvlan" || link.kind == "vlan", let lower = link.lower {
            // The parent often lies in another namespace, under the same name: eth0 on eth0.
            let home = link.lowerNamespace.flatMap { self[$0] } ?? namespace
            let parent = LayerTwoPath.Port(namespace: home.name, device: lower)
            for sibling in children(of: parent) where sibling != here { end(sibling, steps) }
            leave(home, lower, steps)
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
        guard steps.count < 64, entered.insert(here).inserted, let link = namespace[device: device] else { return }
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
        for child in children(of: here) where self[child.namespace]?[device: child.device]?.kind == "macvlan" {
            end(child, steps)
        }
    }

    /// The devices on top of `parent`, in whichever namespace they are.
    private func children(of parent: LayerTwoPath.Port) -> [LayerTwoPath.Port] {
        topology.namespaces.flatMap { namespace in
            namespace.links.filter {
                $0.lower == parent.device && ($0.lowerNamespace ?? namespace.name) == parent.namespace
            }.map { LayerTwoPath.Port(namespace: namespace.name, device: $0.name) }
        }
    }

    private mutating func end(_ port: LayerTwoPath.Port, _ steps: [LayerTwoPath.Step]) {
        paths.append(LayerTwoPath(steps: steps, end: port))
    }

    private mutating func end(_ namespace: Namespace, _ device: String, _ steps: [LayerTwoPath.Step]) {
        paths.append(
            LayerTwoPath(steps: steps, end: LayerTwoPath.Port(namespace: namespace.name, device: device)))
    }
}
