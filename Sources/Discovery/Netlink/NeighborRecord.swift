internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// One RTM_NEWNEIGH (linux/neighbour.h): an entry of a neighbour table or, for AF_BRIDGE, of a forwarding database.
struct NeighborRecord {
    var family: UInt8
    var index: UInt32
    var state: Int32
    var flags: Int32
    var destination: IPAddress?
    var mac: MACAddress?
    var vlan: UInt16?
    var masterIndex: UInt32?

    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWNEIGH), header.count >= MemoryLayout<ndmsg>.size,
            let family = header.byte(at: 0), let index = header.hostUInt32(at: 4),
            let state = header.hostUInt16(at: 8), let flags = header.byte(at: 10)
        else { return nil }
        self.family = family
        self.index = index
        self.state = Int32(state)
        self.flags = Int32(flags)
        for (type, value) in message.attributes(after: MemoryLayout<ndmsg>.size) {
            switch type {
            case Int(NDA_DST): destination = IPAddress(bytes: value)
            case Int(NDA_LLADDR): mac = MACAddress(bytes: value)
            case Int(NDA_VLAN): vlan = value.hostUInt16()
            case Int(NDA_MASTER): masterIndex = value.hostUInt32()
            default: break
            }
        }
    }

    /// Entries that the kernel makes for itself (multicast, loopback), which `ip neigh` leaves out too.
    var isResolution: Bool { state & NUD_NOARP == 0 && state != NUD_NONE }

    /// As ip-neighbour(8) writes it, in small letters.
    var stateName: NeighborState {
        let names: [(Int32, NeighborState)] = [
            (NUD_INCOMPLETE, "incomplete"), (NUD_REACHABLE, "reachable"), (NUD_STALE, "stale"), (NUD_DELAY, "delay"),
            (NUD_PROBE, "probe"), (NUD_FAILED, "failed"), (NUD_NOARP, "noarp"), (NUD_PERMANENT, "permanent"),
        ]
        return names.first { state & $0.0 != 0 }?.1 ?? .none
    }

    /// An entry of the table of addresses that are answered for; nil for any other.
    func proxy(names: DeviceNames) -> ProxyNeighbor? {
        guard flags & Int32(NTF_PROXY) != 0, let destination else { return nil }
        return ProxyNeighbor(address: destination, device: index == 0 ? nil : names[index] ?? "if\(index)")
    }

    func neighbor(names: DeviceNames) -> Neighbor? {
        guard isResolution, let destination, let device = names[index] else { return nil }
        return Neighbor(address: destination, device: device, mac: mac, state: stateName)
    }
}
