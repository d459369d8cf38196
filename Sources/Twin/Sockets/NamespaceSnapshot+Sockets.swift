public import Network
public import Snapshot
internal import Wire

extension NamespaceSnapshot {
    /// The sockets that programs opened: those of tunnels (VXLAN, Geneve) come with their devices.
    public var programSockets: [Listener] {
        let tunnels = links.compactMap { link -> String? in
            guard ["vxlan", "geneve"].contains(link["linkinfo"]?.text("info_kind") ?? "") else { return nil }
            return link["linkinfo"]?["info_data"]?.text("port")
        }
        return sockets.filter { $0.protocol != .udp || $0.process != nil || !tunnels.contains("\($0.port)") }
    }

    /// Those of them that take no more, and that can be filled again: a link-local address is nobody's before there are devices, and
    /// a connected socket takes nothing over lo. Of a group that shares a port all are full.
    public var fullSockets: [Listener] {
        let groups = Dictionary(grouping: programSockets, by: \.place)
        return programSockets.filter { socket in
            !socket.address.isLinkLocal && socket.peer == nil && groups[socket.place]?.allSatisfy(\.isFull) == true
        }
    }

    /// Those that take packets, or do not take them for another reason.
    public var roomySockets: [Listener] {
        let full = Set(fullSockets.map(\.place))
        return programSockets.filter { !full.contains($0.place) }
    }

    /// Packets that wait in the disciplines of devices.
    public var waitingPackets: [WaitingPackets] {
        queues.compactMap { queue -> WaitingPackets? in
            guard let device = queue.text("dev"), let link = links.first(where: { $0.text("ifname") == device }),
                let bytes = queue.number("backlog_bytes"), let packets = queue.number("backlog_packets")
            else { return nil }
            // tc prints `1599b/1`.
            let burst = queue["options"]?.text("burst").flatMap { Int64($0.prefix { $0.isNumber }) }
            return WaitingPackets(
                device: device, mac: link.text("address").flatMap { MACAddress($0) }, bytes: bytes, packets: packets,
                burst: burst ?? 0, mtu: link.number("mtu") ?? 1500)
        }
    }
}

extension Listener {
    /// What one of a group that shares a port has in common with the others.
    var place: [String] {
        [`protocol`.rawValue, "\(address)", "\(port)", device ?? "", peer.map { "\($0.address) \($0.port)" } ?? ""]
    }
}
