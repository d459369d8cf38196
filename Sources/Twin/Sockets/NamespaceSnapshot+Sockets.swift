public import Network
public import Snapshot

extension NamespaceSnapshot {
    /// The sockets that programs opened: those of tunnels (VXLAN, Geneve) come with their devices.
    public var programSockets: [Listener] {
        let tunnels = links.compactMap { link -> String? in
            guard ["vxlan", "geneve"].contains(link["linkinfo"]?.text("info_kind") ?? "") else { return nil }
            return link["linkinfo"]?["info_data"]?.text("port")
        }
        return sockets.filter { $0.protocol != .udp || $0.process != nil || !tunnels.contains("\($0.port)") }
    }
}
