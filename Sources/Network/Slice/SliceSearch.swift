internal import Wire

/// Finds what a packet can meet, from the sender on, until nothing more is reached.
///
/// A namespace comes in when it is on a segment with one that is in, and frames pass by it or it can be asked: it holds,
/// or answers for, an address that packets are sent to or a gateway of a route for one; or it forwards between segments,
/// and so might be such a gateway. What packets are sent to grows with each namespace: its addresses (it may answer or
/// report errors from each, and masquerade), the far ends of its tunnels, what its rules translate to.
struct SliceSearch {
    private let graph: NetworkGraph
    private let question: NetworkSlice.Question
    private let segments: SliceSegments
    private var members: Set<Int>
    private var reach: NetworkSlice.Reach
    /// Next hops of routes for what is reached: asked for their MAC addresses alone.
    private var gateways: Set<IPAddress> = []
    /// Those that neighbours which are asked for are said to have.
    private var macs: Set<MACAddress> = []
    /// Kinds of tunnels of which the far end is not known.
    private var tunnelKinds: Set<LinkKind> = []
    private var asksAll = false
    /// The size of `reach` when the rules of a namespace were last asked.
    private var translated: [Int: Int] = [:]

    init(_ graph: NetworkGraph, _ question: NetworkSlice.Question) {
        self.graph = graph
        self.question = question
        segments = SliceSegments(graph)
        reach = NetworkSlice.Reach(question.traffic)
        let names = Set(question.from)
        members = Set(graph.topology.namespaces.indices.filter { names.contains(graph.topology.namespaces[$0].name) })
        for address in [question.destination] + question.translations { reach.insert(address) }
        if let source = question.source { reach.insert(source) }
        asksAll = question.destination.isMulticast || question.destination.isLimitedBroadcast
    }

    mutating func run(_ translations: (Namespace, NetworkSlice.Reach) -> [NetworkSlice.Translation]) {
        if members.isEmpty { members = Set(graph.topology.namespaces.indices) }
        for member in members { enterWithoutRoute(from: member) }
        while members.count < graph.topology.namespaces.count {
            let before = (members.count, reach.size, gateways.count, macs.count, tunnelKinds.count, asksAll)
            for member in members.sorted() { learn(member, translations) }
            for member in members { learnGateways(graph.topology.namespaces[member]) }
            for member in members { enterWithoutCarrier(from: member) }
            enter()
            enterByForwardingDatabases()
            let after = (members.count, reach.size, gateways.count, macs.count, tunnelKinds.count, asksAll)
            if before == after { return }
        }
    }

    /// Where the sender has no route, who is at the other ends of its links may be why: an internal network, a router that
    /// it was to use.
    private mutating func enterWithoutRoute(from sender: Int) {
        let namespace = graph.topology.namespaces[sender]
        if namespace.holds(question.destination) { return }
        if namespace.routes.contains(where: { $0.destination.contains(question.destination) }) { return }
        for link in namespace.links.indices {
            let peer = graph.peer(of: NetworkGraph.Device(namespace: sender, link: link))
            if let peer { members.insert(peer.namespace) }
        }
    }

    /// Where the other end of a link on the packet's way is down, who has it is why.
    private mutating func enterWithoutCarrier(from member: Int) {
        let namespace = graph.topology.namespaces[member]
        for (index, link) in namespace.links.enumerated() where link.isUp {
            guard let peer = graph.peer(of: NetworkGraph.Device(namespace: member, link: index)), !graph[peer].isUp,
                namespace.routes.contains(where: {
                    $0.uses(link.name) && $0.destination.contains(question.destination)
                })
            else { continue }
            members.insert(peer.namespace)
        }
    }

    /// What packets may be sent to because a namespace is in.
    private mutating func learn(
        _ member: Int, _ translations: (Namespace, NetworkSlice.Reach) -> [NetworkSlice.Translation]
    ) {
        let namespace = graph.topology.namespaces[member]
        if translated[member] == nil {
            for link in namespace.links {
                for prefix in link.addresses {
                    reach.insert(prefix.address)
                    if prefix.broadcast == question.destination { asksAll = true }
                }
                // Who has it already is why it can't be used.
                for prefix in link.duplicateAddresses ?? [] { reach.insert(prefix.address) }
                learn(link)
            }
        }
        let size = reach.size
        guard translated[member] != size else { return }
        translated[member] = size
        for translation in translations(namespace, reach) { reach.insert(translation) }
    }

    /// Where a tunnel sends its outer packets.
    private mutating func learn(_ link: Link) {
        guard link.kind.isTunnel || link.kind == .wireguard || link.kind == .tun else { return }
        // They are of another protocol, and meet other rules.
        reach.traffic.ipProtocol = nil
        reach.traffic.destinationPorts = nil
        let ends =
            [link.vxlan?.remote, link.tunnel?.remote].compactMap(\.self)
            + (link.vxlan?.fdb.compactMap(\.destination) ?? [])
        for end in ends { reach.insert(end) }
        if ends.isEmpty || ends.contains(where: \.isMulticast) { tunnelKinds.insert(link.kind) }
        // What a program writes to such a device, or reads from it, it has from a socket: often one of the host's own.
        guard link.kind == .tun else { return }
        members.formUnion(graph.topology.namespaces.indices.filter { graph.topology.namespaces[$0].name == "host" })
    }

    private mutating func learnGateways(_ namespace: Namespace) {
        for route in namespace.routes {
            let hops = route.gateways
            if hops.allSatisfy(gateways.contains) { continue }
            if reach.meets(route.destination) { gateways.formUnion(hops) }
        }
        for neighbor in namespace.neighbors where isAsked(neighbor.address) {
            if let mac = neighbor.mac { macs.insert(mac) }
        }
    }

    private func isAsked(_ address: IPAddress) -> Bool { gateways.contains(address) || reach.contains(address) }

    /// Takes in whom packets can meet on the segments of those that are in.
    private mutating func enter() {
        var open: Set<Int> = []
        for member in members { open.formUnion(segments.shared(by: member, of: graph)) }
        for segment in open {
            for candidate in segments.namespaces(on: segment) where !members.contains(candidate) {
                if asksAll || segments.passes(candidate, on: segment) || canBeAsked(candidate) {
                    members.insert(candidate)
                }
            }
        }
    }

    /// Takes in who is behind the port to which a bridge sends the frames for somebody who is in, or is asked for: an
    /// entry may be wrong. A permanent entry sends nothing to a port: such frames are for the bridge's own host. Every port
    /// has one with its own address.
    private mutating func enterByForwardingDatabases() {
        let namespaces = graph.topology.namespaces
        let wanted = macs.union(members.flatMap { namespaces[$0].links.compactMap(\.mac) })
        for member in members {
            for entry in namespaces[member].links.flatMap({ $0.bridge?.fdb ?? [] })
            where !entry.permanent && wanted.contains(entry.mac) {
                guard let name = entry.device, let port = graph.device(name, in: namespaces[member].name),
                    let peer = graph.peer(of: port)
                else { continue }
                members.insert(peer.namespace)
            }
        }
    }

    private func canBeAsked(_ candidate: Int) -> Bool {
        let namespace = graph.topology.namespaces[candidate]
        for link in namespace.links {
            if link.addresses.contains(where: { isAsked($0.address) }) { return true }
            if let mac = link.mac, macs.contains(mac) { return true }
            if tunnelKinds.contains(link.kind) { return true }
        }
        if namespace.routes.contains(where: { $0.kind == .local && answers(for: $0.destination) }) { return true }
        if namespace.proxyNeighbors?.contains(where: { isAsked($0.address) }) == true { return true }
        return namespace.answersForOthers
            || namespace.forwards && segments.shared(by: candidate, of: graph).count > 1
    }

    private func answers(for prefix: IPPrefix) -> Bool {
        if prefix.length == prefix.address.bitWidth { return isAsked(prefix.address) }
        return reach.meets(prefix) || gateways.contains { prefix.contains($0) }
    }

    /// As far as the search has come.
    var slice: NetworkSlice {
        let namespaces = graph.topology.namespaces
        let order = members.sorted()
        var stubs: [NetworkSlice.Stub] = []
        for member in order {
            for link in namespaces[member].links.indices {
                let device = NetworkGraph.Device(namespace: member, link: link)
                let peer = graph.peer(of: device).map { [($0, false)] } ?? []
                for (far, isOnTop) in peer + graph.children(of: device).map({ ($0, true) }) {
                    if members.contains(far.namespace) { continue }
                    stubs.append(
                        NetworkSlice.Stub(
                            namespace: namespaces[member].name, device: graph[device].name,
                            farNamespace: namespaces[far.namespace].name, farDevice: graph[far].name,
                            isUp: graph[far].isUp, mac: graph[far].mac,
                            mtu: graph[far].mtu, isOnTop: isOnTop))
                }
            }
        }
        return NetworkSlice(namespaces: order.map { namespaces[$0].name }, stubs: stubs, reach: reach)
    }
}

extension Namespace {
    /// Whether IPv4 or IPv6 forwarding is on for a device.
    fileprivate var forwards: Bool {
        sysctls.contains { key, value in
            value != "0" && !key.contains(".default.")
                && (key == "net.ipv4.ip_forward" || key.hasSuffix(".forwarding"))
        }
    }

    /// Whether it answers ARP requests for whatever it has a route to (proxy_arp).
    fileprivate var answersForOthers: Bool {
        sysctls.contains { key, value in value != "0" && key.hasSuffix(".proxy_arp") && !key.contains(".default.") }
    }
}

extension Route {
    /// Whether it leads over a device.
    fileprivate func uses(_ name: String) -> Bool { device == name || nextHops.contains { $0.device == name } }
}

extension IPAddress {
    fileprivate var isLimitedBroadcast: Bool { isIPv4 && low == 0xffff_ffff }
}
