internal import Glibc
internal import LinuxSystem
internal import Netlink
public import Network
internal import Ruleset
public import Wire

/// A machine's network, read whole where a packet can pass.
public struct SlicedNetwork: Sendable {
    /// All namespaces; those outside of the slice as `Topology.discover(fully:)` reads others.
    public var topology: Topology
    public var slice: NetworkSlice

    /// The part of it that another packet can meet; nil where that is more than was read whole.
    public func slice(_ question: NetworkSlice.Question) -> NetworkSlice? {
        let other = NetworkGraph(topology).slice(question) { namespace, reach in
            namespace.netfilter.translations(of: reach)
        }
        return other.namespaces.allSatisfy { slice.contains($0) } ? other : nil
    }

    /// The namespaces that a packet passes by its routes, and those of its reply where the path back is another one. Nil where
    /// rules may translate it, or its path can't be told: then it may meet all of the slice.
    public func path(
        from sender: String, to destination: IPAddress, traffic: NetworkSlice.Traffic = NetworkSlice.Traffic()
    ) -> Set<String>? {
        let graph = NetworkGraph(topology)
        func path(from sender: String, to destination: IPAddress) -> [String]? {
            graph.routedPath(from: sender, to: destination) { namespace in
                let reach = NetworkSlice.Reach(traffic, addresses: [destination])
                return !namespace.netfilter.translations(of: reach).isEmpty
            }
        }
        guard let there = path(from: sender, to: destination), let last = there.last else { return nil }
        let route = graph[namespace: sender]?.lookUpRoute(to: destination, source: nil, mark: 0, inDevice: nil)
        let device = route?.device.flatMap { graph.link($0, in: sender) }
        let own = device?.addresses.map(\.address).first { $0.family == destination.family }
        let source = route?.preferredSource ?? own
        // Replies of a connection are translated back by no rule.
        let back = source.flatMap { graph.routedPath(from: last, to: $0) } ?? []
        return Set(there + back)
    }
}

extension Topology {
    /// Reads the network as far as one packet can meet it, which on a large host is a small part.
    ///
    /// What leads on is read first, of all namespaces. It says which of them the packet can meet; their rules say what
    /// else it can be translated to, and so on until nothing is added.
    ///
    /// - Parameters:
    ///   - question: what is sent, from the names of the namespaces that there are.
    ///   - others: names of namespaces that are read whole besides, though not of the slice; called after `question`.
    /// - Throws: what `question` throws; `SystemError` where not even the own namespace can be read.
    public static func discover(
        slicing question: (Topology) throws -> NetworkSlice.Question, andFully others: () -> [String] = { [] }
    ) throws -> SlicedNetwork {
        var discovery = NetworkDiscovery()
        discovery.detailed = []
        var (topology, sites) = try discovery.outline()
        let asked = try question(topology)
        var detailed: Set<String> = []
        while true {
            let slice = NetworkGraph(topology).slice(asked) { namespace, reach in
                namespace.netfilter.translations(of: reach)
            }
            let missing = Set(slice.namespaces + others()).subtracting(detailed)
            if missing.isEmpty {
                topology.nameListeners()
                return SlicedNetwork(topology: topology, slice: slice)
            }
            topology.readDetails(of: missing, at: sites)
            detailed.formUnion(missing)
        }
    }

    /// - Parameter sites: of each namespace.
    private mutating func readDetails(of names: Set<String>, at sites: [NamespaceSite]) {
        let positions = namespaces.indices.filter { names.contains(namespaces[$0].name) }
        let items = positions.map { (sites[$0], namespaces[$0]) }
        let results = NetworkDiscovery.inParallel(items) { site, namespace in
            let file = site.isOwn ? nil : try site.open()
            let work: @Sendable () throws -> NamespaceDetails = {
                NamespaceDetails(of: namespace, over: try NetlinkSocket(.route), file: file)
            }
            return try file?.perform(work) ?? work()
        }
        for (position, result) in zip(positions, results) {
            switch result {
            case .success(let details): namespaces[position].take(details, &warnings)
            // It went away meanwhile.
            case .failure(let error as SystemError) where [ENOENT, ESRCH].contains(error.errorNumber):
                continue
            case .failure(let error): warnings.append("\(error)")
            }
        }
    }
}
