internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

extension Listener {
    /// From an answer of `struct inet_diag_msg` (linux/inet_diag.h); nil where it is too short.
    ///
    /// Of a TCP listener the queues are the connections that wait and how many may (inet_diag(7)).
    init?(_ message: NetlinkMessage, protocol name: String, names: DeviceNames = [:]) {
        let header = message.payload
        guard header.count >= MemoryLayout<inet_diag_msg>.size, let family = header.byte(at: 0),
            let port = header.networkUInt16(at: 4), let queue = header.hostUInt32(at: 56),
            let inode = header.hostUInt32(at: 68),
            // The source stands behind both ports.
            let address = IPAddress(bytes: header.dropFirst(8).prefix(Int32(family) == AF_INET ? 4 : 16))
        else { return nil }
        self.init(
            protocol: name, address: address, port: port, receiveQueue: UInt64(queue), inode: UInt64(inode))
        if name == "tcp" { backlog = header.hostUInt32(at: 60).map { UInt64($0) } }
        // idiag_if is sk_bound_dev_if.
        if let index = header.hostUInt32(at: 40), index != 0 { device = names[index] ?? "interface \(index)" }
        for (type, value) in message.attributes(after: MemoryLayout<inet_diag_msg>.size) {
            switch type {
            case Int(INET_DIAG_SKMEMINFO):
                receiveBufferBytes = value.hostUInt32(at: 4 * Int(SK_MEMINFO_RCVBUF)).map { UInt64($0) }
                if name == "udp" { drops = value.hostUInt32(at: 4 * Int(SK_MEMINFO_DROPS)).map { UInt64($0) } ?? 0 }
            case Int(INET_DIAG_SKV6ONLY) where Int32(family) == AF_INET6:
                isIPv6Only = value.byte().map { $0 != 0 }
            // struct inet_diag_sockopt: the sixth bit.
            case Int(INET_DIAG_SOCKOPT): isTransparent = value.byte().map { $0 & 1 << 5 != 0 }
            default: continue
            }
        }
    }
}

extension NetlinkConversation {
    /// TCP sockets that listen and UDP sockets that are not connected, of both families.
    mutating func listeners(names: DeviceNames) throws -> [Listener] {
        // TCP_LISTEN and TCP_CLOSE of enum tcp_state, the latter being what a UDP socket is before connect(2).
        let kinds: [(protocolNumber: Int32, name: String, state: UInt32)] = [
            (Int32(IPProtocol.tcp.rawValue), "tcp", 10), (Int32(IPProtocol.udp.rawValue), "udp", 7),
        ]
        var listeners: [Listener] = []
        for kind in kinds {
            for family in [AF_INET, AF_INET6] {
                var header = inet_diag_req_v2()
                header.sdiag_family = UInt8(family)
                header.sdiag_protocol = UInt8(kind.protocolNumber)
                header.idiag_ext = 1 << (UInt8(INET_DIAG_SKMEMINFO) - 1)
                header.idiag_states = 1 << kind.state
                let request = NetlinkRequest(type: SOCK_DIAG_BY_FAMILY, structure: header)
                listeners += try dump(request, "read the listening sockets") {
                    Listener($0, protocol: kind.name, names: names)
                }
            }
        }
        return listeners.filter { $0.port != 0 }
    }
}
