/// What is joined to what, as far as both ends were read.
struct DeviceJoints: Sendable {
    private(set) var masters: [NetworkGraph.Device: NetworkGraph.Device] = [:]
    private(set) var portsOfMaster: [NetworkGraph.Device: [NetworkGraph.Device]] = [:]
    private(set) var peers: [NetworkGraph.Device: NetworkGraph.Device] = [:]
    private(set) var lowers: [NetworkGraph.Device: NetworkGraph.Device] = [:]
    private(set) var childrenOfLower: [NetworkGraph.Device: [NetworkGraph.Device]] = [:]

    init(_ topology: Topology, _ devices: [NetworkGraph.Device], _ directory: DeviceDirectory) {
        for device in devices {
            let link = topology.namespaces[device.namespace].links[device.link]
            if let master = link.master.flatMap({ directory.device($0, in: device.namespace) }) {
                masters[device] = master
                portsOfMaster[master, default: []].append(device)
            }
            if let peer = link.peer, let namespace = peer.namespace.flatMap({ directory.namespaces[$0] }) {
                peers[device] = directory.device(peer.device, in: namespace)
            }
            // The parent often lies in another namespace, under the same name: eth0 on eth0.
            let home = link.lowerNamespace.map { directory.namespaces[$0] } ?? device.namespace
            if let home, let lower = link.lower.flatMap({ directory.device($0, in: home) }) {
                lowers[device] = lower
                childrenOfLower[lower, default: []].append(device)
            }
        }
    }
}
