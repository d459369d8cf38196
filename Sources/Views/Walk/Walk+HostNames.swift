import Network
import WalkModel

extension Walk {
    /// The walk with every namespace called as people do where there are several hosts: `alpha/web`.
    var withHostNames: Walk {
        var walk = self
        for index in hops.indices { walk.hops[index].addHostName() }
        walk.lastSeen?.addHostName()
        walk.expectedNext?.addHostName()
        walk.stoppedAt?.namespace = namespace(stoppedAt?.namespace, on: host)
        for index in findings.indices {
            walk.findings[index].where.namespace = namespace(findings[index].where.namespace, on: host)
        }
        return walk
    }
}

extension Topology {
    /// The network with its namespaces so called: `host`, as the walk calls it.
    func withHostNames(_ host: String?) -> Topology {
        var topology = self
        for index in namespaces.indices {
            topology.namespaces[index].name = namespace(namespaces[index].name, on: host) ?? ""
        }
        return topology
    }
}

extension Hop {
    fileprivate mutating func addHostName() { namespace = host.map { "\($0)/\(namespace)" } ?? namespace }
}

private func namespace(_ name: String?, on host: String?) -> String? {
    guard let name, let host else { return name }
    return "\(host)/\(name)"
}
