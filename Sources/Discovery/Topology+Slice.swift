internal import Glibc
internal import LinuxSystem
internal import Netlink
public import Network
internal import Ruleset

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
