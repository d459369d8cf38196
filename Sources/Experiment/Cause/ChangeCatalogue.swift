public import Network
public import Probes
public import Snapshot
internal import Twin
internal import WalkModel
internal import Wire

/// Every single change to a network's state that might let a packet pass: made from the state itself, not from what is known
/// of faults.
public struct ChangeCatalogue: Sendable {
    var topology: Topology
    var snapshot: HostSnapshot
    var request: PacketRequest
    /// The sender's namespace.
    var from: String
    /// Families of the outer packets of tunnels.
    let carriers: Set<IPAddress.Family>
    /// Of chains with many rules the positions of those that the packet may meet: no others are tried.
    var metRules: [SlicedSnapshot.Chain: [Int]] = [:]

    public init(topology: Topology, snapshot: HostSnapshot, request: PacketRequest, from: String) {
        // Nothing can be changed where nothing is rebuilt.
        var rebuilt = topology
        if !snapshot.namespaces.isEmpty {
            rebuilt.namespaces.removeAll { snapshot[namespace: $0.name] == nil }
            for index in rebuilt.namespaces.indices {
                let links = snapshot[namespace: rebuilt.namespaces[index].name]?.links ?? []
                let names = Set(links.compactMap { $0["ifname"]?.string })
                if !names.isEmpty { rebuilt.namespaces[index].links.removeAll { !names.contains($0.name) } }
            }
        }
        self.topology = rebuilt
        let tunnels = rebuilt.namespaces.flatMap(\.links).compactMap(\.vxlan)
        carriers = Set(
            tunnels.flatMap { [$0.remote, $0.local].compactMap(\.self) + $0.fdb.compactMap(\.destination) }.map(
                \.family))
        self.snapshot = snapshot
        self.request = request
        self.from = from
    }

    /// Those of each namespace, in the order of the topology.
    public var changes: [Candidate] {
        var result: [Candidate] = []
        for namespace in topology.namespaces {
            result += links(namespace)
            result += ports(namespace) + bridges(namespace)
            result += settings(namespace) + defaultSettings(namespace)
            result += rules(namespace)
            result += policies(namespace)
            result += accepts(namespace).map(\.adding)
            result += translations(namespace).map(\.adding)
            result += entries(namespace)
            result += proxies(namespace).map(\.adding)
            result += routeRemovals(namespace) + defaultRules(namespace)
            result += routes(namespace).map(\.adding)
            result += addresses(namespace) + hardwareAddresses(namespace)
            result += missingAddresses(namespace).map(\.adding)
            result += sizes(namespace)
            result += listeners(namespace).map(\.adding)
            result += programs(namespace) + policiesOfIPsec(namespace)
            result += multicastRouters(namespace).map(\.adding)
            result += families(namespace).map(\.adding)
        }
        result += circles().map(\.adding)
        var seen: Set<Candidate> = []
        return result.filter { seen.insert($0).inserted }
    }

    var family: IPAddress.Family { request.destination.family }
    var isIPv4: Bool { request.destination.isIPv4 }

    func place(_ namespace: Namespace, device: String? = nil, hook: NetfilterHook? = nil) -> Finding.Place {
        Finding.Place(namespace: namespace.name, hook: hook, device: device)
    }
}

extension Candidate {
    /// The same, known to add something.
    var adding: Candidate {
        var copy = self
        copy.adds = true
        return copy
    }
}
