/// Which namespaces hear each other: devices put together into segments, within which a frame may come from each to each,
/// whatever ports, VLANs and modes keep apart today.
///
/// What is joined beyond the machine can't be seen: cards, and devices whose other end was not read, count as one segment.
struct SliceSegments {
    private let offsets: [Int]
    private let segments: [Int]
    /// By segment.
    private let members: [Int: Set<Int>]
    /// By segment, the namespaces by which frames pass: with a bridge of several ports, or the device below another
    /// namespace's.
    private let transits: [Int: Set<Int>]

    init(_ graph: NetworkGraph) {
        let namespaces = graph.topology.namespaces
        var offsets: [Int] = []
        var count = 0
        for namespace in namespaces {
            offsets.append(count)
            count += namespace.links.count
        }
        self.offsets = offsets
        func number(_ device: NetworkGraph.Device) -> Int { offsets[device.namespace] + device.link }
        var joints: [(Int, Int)] = []
        var passing: [NetworkGraph.Device] = []
        var cards: [Int] = []
        var tunnels: [Int] = []
        for device in graph.devices {
            let link = graph[device]
            if let peer = graph.peer(of: device) { joints.append((number(device), number(peer))) }
            if let lower = graph.lower(of: device) {
                joints.append((number(device), number(lower)))
                if lower.namespace != device.namespace { passing.append(lower) }
            }
            let ports = graph.ports(of: device)
            // The ports of a VRF share its routing, not their frames.
            if !ports.isEmpty, link.kind != .vrf {
                joints += ports.map { (number(device), number($0)) }
                if ports.count > 1 { passing.append(device) }
            }
            if link.kind == .tun { tunnels.append(number(device)) }
            if Self.leadsOutside(device, link, graph) { cards.append(number(device)) }
        }
        joints += zip(cards, cards.dropFirst()).map { ($0, $1) }
        joints += zip(tunnels, tunnels.dropFirst()).map { ($0, $1) }
        segments = NetworkGraph.parts(count: count, joints: joints)
        var members: [Int: Set<Int>] = [:]
        for device in graph.devices where !graph[device].isLoopback {
            members[segments[number(device)], default: []].insert(device.namespace)
        }
        self.members = members
        var transits: [Int: Set<Int>] = [:]
        for device in passing { transits[segments[number(device)], default: []].insert(device.namespace) }
        self.transits = transits
    }

    private static func leadsOutside(_ device: NetworkGraph.Device, _ link: Link, _ graph: NetworkGraph) -> Bool {
        if link.kind.isPair { return graph.peer(of: device) == nil }
        if link.kind.isMacvlan || link.kind == .vlan || link.kind == .ipvlan { return graph.lower(of: device) == nil }
        return link.kind == .ethernet && !link.isLoopback
    }

    /// Of a namespace, those segments that others are on too.
    func shared(by namespace: Int, of graph: NetworkGraph) -> Set<Int> {
        Set(
            graph.topology.namespaces[namespace].links.indices.map {
                segments[offsets[namespace] + $0]
            }.filter { (members[$0]?.count ?? 0) > 1 })
    }

    func namespaces(on segment: Int) -> Set<Int> { members[segment] ?? [] }

    /// Whether frames between others pass by the namespace.
    func passes(_ namespace: Int, on segment: Int) -> Bool { transits[segment]?.contains(namespace) == true }
}
