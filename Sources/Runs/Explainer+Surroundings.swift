internal import Discovery
public import Network
public import Probes
internal import Wire

extension Explainer {
    /// The network that a packet is explained in, and how much of it is looked at.
    struct Surroundings {
        var topology: Topology
        /// The namespaces to watch; empty for all.
        var watched: [String] = []
        /// Those to read whole; nil for all.
        var read: Set<String>?

        /// Reads the network. Throws `RunError` where there is no namespace of a name that was given.
        init(for explainer: Explainer) throws {
            if explainer.takesAll {
                topology = try Topology.discover()
                watched = try explainer.namespaces.map { try resolveNamespace($0, in: topology).name }
                return
            }
            if let network = explainer.network, explainer.namespaces.isEmpty {
                let sender = try resolveNamespace(explainer.from, in: network.topology).name
                if let slice = network.slice(explainer.request.question(from: sender)) {
                    topology = network.topology
                    restrict(to: slice.namespaces)
                    return
                }
            }
            var wanted: [String] = []
            let network = try Topology.discover(
                slicing: { outline in
                    wanted = try explainer.namespaces.map { try resolveNamespace($0, in: outline).name }
                    return explainer.request.question(from: try resolveNamespace(explainer.from, in: outline).name)
                }, andFully: { wanted })
            topology = network.topology
            restrict(to: network.slice.namespaces, andRead: wanted)
            if !wanted.isEmpty { watched = wanted }
        }

        /// Where it is all of them, so are those to come.
        private mutating func restrict(to slice: [String], andRead others: [String] = []) {
            if slice.count == topology.namespaces.count { return }
            watched = slice
            read = Set(slice + others)
        }
    }
}

extension PacketRequest {
    /// What can be met by this packet, sent from a namespace of that name.
    public func question(from name: String) -> NetworkSlice.Question {
        let (ipProtocol, port): (IPProtocol, UInt16?) =
            switch kind {
            case .echo: (destination.isIPv4 ? .icmp : .icmpv6, nil)
            case .tcp(let port): (.tcp, port)
            case .udp(let port): (.udp, port)
            }
        return NetworkSlice.Question(
            from: [name], to: destination, source: source,
            traffic: NetworkSlice.Traffic(ipProtocol: ipProtocol, destinationPort: port))
    }
}
