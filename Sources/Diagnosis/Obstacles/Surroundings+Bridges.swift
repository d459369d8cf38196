internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

extension Surroundings {
    /// The port by which a next hop is joined to another bridge than the asker's link leads over.
    struct MisplacedPort: Sendable {
        var namespace: Namespace
        var port: Link
        var bridge: Link
        /// On the asker's link.
        var wanted: Link
        var hop: IPAddress

        var words: String {
            "; its port \(port.name) is on the bridge \(bridge.name) in \(namespace.name), and this link is that of \(wanted.name)"
        }

        /// Only where the asker's bridge alone has the next hop's network.
        var remedy: Remedy? {
            func covers(_ link: Link) -> Bool { link.addresses.contains { $0.length > 0 && $0.contains(hop) } }
            guard covers(wanted), !covers(bridge) else { return nil }
            return Remedy([.ip(namespace, "link set \(port.name) master \(wanted.name)")])
        }
    }

    func portOnOtherBridge(_ step: NeighbourStep) -> MisplacedPort? {
        let graph = context.graph
        let paths = graph.segment(out: step.link.name, of: step.namespace.name).paths
        for holder in graph.holders(of: step.hop) {
            guard let port = graph.peer(of: holder), let other = graph.bridge(of: port) else { continue }
            let namespace = graph.namespace(of: port)
            for case .bridge(let name, let bridge, _, _) in paths.flatMap(\.steps)
            where name == namespace.name && bridge != graph[other].name {
                guard let wanted = namespace[device: bridge] else { continue }
                return MisplacedPort(
                    namespace: namespace, port: graph[port], bridge: graph[other], wanted: wanted, hop: step.hop)
            }
        }
        return nil
    }
}
