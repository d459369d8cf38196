internal import Network
internal import Wire

/// A router on the sender's link at which multicast ends.
struct MulticastBarrier {
    var router: Namespace
    /// By which the packet comes in.
    var inDevice: String
    /// Who has joined the group beyond it; empty where nobody is seen to have.
    var members: [LayerTwoPath.Port]
    /// Nil where it was not read.
    var setting: Settings.Value?

    private static let depth = 4

    /// Nil where no namespace on the link leads anywhere: of routers, the one beyond which somebody has joined the group
    /// comes first, then one that forwards unicast and leads to where nothing can be seen.
    init?(_ target: GroupTarget, _ group: IPAddress, graph: NetworkGraph) {
        var other: MulticastBarrier?
        for port in target.receivers {
            guard let router = graph[namespace: port.namespace] else { continue }
            var visited: Set<String> = [target.sender.name, router.name]
            let beyond = Self.beyond(router, port.device, graph, depth: Self.depth, &visited)
            let members = beyond.ends.filter {
                graph[namespace: $0.namespace]?.joined(group, on: $0.device) == true
            }
            let barrier = MulticastBarrier(
                router: router, inDevice: port.device, members: members,
                setting: router.settings.forwardsMulticast(group.family))
            if !members.isEmpty {
                self = barrier
                return
            }
            let forwards = router.settings.forwarding(device: port.device, group.family)?.isOn == true
            if other == nil, forwards, !beyond.ends.isEmpty || beyond.hasOutside { other = barrier }
        }
        guard let other else { return nil }
        self = other
    }

    private init(router: Namespace, inDevice: String, members: [LayerTwoPath.Port], setting: Settings.Value?) {
        self.router = router
        self.inDevice = inDevice
        self.members = members
        self.setting = setting
    }

    /// What lies on the other links of a namespace, and on those beyond.
    private static func beyond(
        _ router: Namespace, _ inDevice: String, _ graph: NetworkGraph, depth: Int, _ visited: inout Set<String>
    ) -> (ends: [LayerTwoPath.Port], hasOutside: Bool) {
        var found: (ends: [LayerTwoPath.Port], hasOutside: Bool) = ([], false)
        guard depth > 0 else { return found }
        for link in router.links
        where link.kind != .loopback && link.name != inDevice && link.master == nil && !link.addresses.isEmpty {
            for path in graph.segment(out: link.name, of: router.name).paths {
                if path.isOutside {
                    found.hasOutside = true
                } else if visited.insert(path.end.namespace).inserted {
                    found.ends.append(path.end)
                    guard let next = graph[namespace: path.end.namespace] else { continue }
                    let further = beyond(next, path.end.device, graph, depth: depth - 1, &visited)
                    found.ends += further.ends
                    found.hasOutside = found.hasOutside || further.hasOutside
                }
            }
        }
        return found
    }
}
