internal import Synchronization

/// Parts of a network between which no link leads: nothing that is configured in one of them matters to a packet in
/// another, though both may use the same addresses, names and ports.
extension NetworkGraph {
    /// The part of the network that links join to any of the namespaces `names`; all of it where none of them is known.
    ///
    /// Links are pairs of veth devices, and devices on top of others. What is joined beyond the machine, by a wire from
    /// one of its cards to another, can't be seen: such parts are separate. Each part is made once for a graph.
    public func joined(to names: Set<String>) -> NetworkGraph {
        let wanted = Set(
            topology.namespaces.indices.filter { names.contains(topology.namespaces[$0].name) }.map { parts[$0] })
        if wanted.isEmpty || wanted.count == Set(parts).count { return self }
        return madeParts.withLock { made in
            if let known = made[wanted] { return known }
            var part = topology
            part.namespaces = topology.namespaces.indices.filter { wanted.contains(parts[$0]) }.map {
                topology.namespaces[$0]
            }
            let graph = NetworkGraph(part, isPart: true)
            if made.count < Self.partsLimit { made[wanted] = graph }
            return graph
        }
    }

    /// A snapshot of many machines' worth of separate networks must not fill the memory with their unions.
    private static let partsLimit = 256

    /// For each namespace a number that those have in common that links join: the position of the first of them.
    static func parts(count: Int, joints: [(Int, Int)]) -> [Int] {
        var parent = Array(0..<count)
        func root(_ position: Int) -> Int {
            var position = position
            while parent[position] != position {
                parent[position] = parent[parent[position]]
                position = parent[position]
            }
            return position
        }
        for (one, other) in joints {
            let (first, second) = (root(one), root(other))
            parent[max(first, second)] = min(first, second)
        }
        return (0..<count).map { root($0) }
    }
}
