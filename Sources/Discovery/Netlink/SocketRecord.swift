internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

extension Listener {
    /// From an answer of `struct inet_diag_msg` (linux/inet_diag.h); nil where it is too short.
    ///
    /// Of a TCP listener the queues are the connections that wait and how many may (inet_diag(7)).
    init?(_ message: NetlinkMessage, protocol name: TransportProtocol, names: DeviceNames = [:]) {
        let header = message.payload
        guard header.count >= MemoryLayout<inet_diag_msg>.size, let family = header.byte(at: 0),
            let port = header.networkUInt16(at: 4), let queue = header.hostUInt32(at: 56),
            let inode = header.hostUInt32(at: 68),
            // The source stands behind both ports.
            let address = IPAddress(bytes: header.dropFirst(8).prefix(Int32(family) == AF_INET ? 4 : 16))
        else { return nil }
        self.init(
            protocol: name, address: address, port: port, receiveQueue: UInt64(queue), inode: UInt64(inode))
        if name == .udp, let remotePort = header.networkUInt16(at: 6), remotePort != 0,
            let remote = IPAddress(bytes: header.dropFirst(24).prefix(Int32(family) == AF_INET ? 4 : 16))
        {
            peer = Peer(remote, port: remotePort)
        }
        if name == .tcp { backlog = header.hostUInt32(at: 60).map { UInt64($0) } }
        // idiag_if is sk_bound_dev_if.
        if let index = header.hostUInt32(at: 40), index != 0 { device = names[index] ?? "interface \(index)" }
        for (type, value) in message.attributes(after: MemoryLayout<inet_diag_msg>.size) {
            switch type {
            case Int(INET_DIAG_SKMEMINFO):
                receiveBufferBytes = value.hostUInt32(at: 4 * Int(SK_MEMINFO_RCVBUF)).map { UInt64($0) }
                if name == .udp { drops = value.hostUInt32(at: 4 * Int(SK_MEMINFO_DROPS)).map { UInt64($0) } ?? 0 }
            case Int(INET_DIAG_SKV6ONLY) where Int32(family) == AF_INET6:
                isIPv6Only = value.byte().map { $0 != 0 }
            // struct inet_diag_sockopt, since Linux 5.10: the sixth bit. Told only of those that are, since few are.
            case Int(INET_DIAG_MD5SIG): signedPeers = Self.signedPeers(value)
            case Int(INET_DIAG_SOCKOPT): isTransparent = value.byte().map { $0 & 0b10_0000 != 0 }
            default: continue
            }
        }
    }

    /// Of `struct tcp_diag_md5sig` (linux/tcp.h), one after the other, which are told to those who may administer the
    /// namespace: family, length of the prefix, length of the key, the address in 16 bytes, and the key in 80.
    private static func signedPeers(_ value: ArraySlice<UInt8>) -> [IPPrefix]? {
        let size = 100
        let peers = stride(from: 0, to: value.count - size + 1, by: size).compactMap { start -> IPPrefix? in
            guard let family = value.byte(at: start), let length = value.byte(at: start + 1) else { return nil }
            let bytes = value.dropFirst(start + 4).prefix(Int32(family) == AF_INET ? 4 : 16)
            return IPAddress(bytes: bytes).flatMap { IPPrefix($0, length: Int(length)) }
        }
        return peers.isEmpty ? nil : peers
    }
}

extension NetlinkConversation {
    /// TCP sockets that listen and UDP sockets, connected or not, of both families.
    mutating func listeners(names: DeviceNames) throws -> [Listener] {
        // TCP_LISTEN of enum tcp_state; a UDP socket is in TCP_CLOSE before connect(2), and in TCP_ESTABLISHED after it.
        let kinds: [(number: IPProtocol, states: UInt32)] = [(.tcp, 1 << 10), (.udp, 1 << 7 | 1 << 1)]
        var listeners: [Listener] = []
        for kind in kinds {
            for family in [AF_INET, AF_INET6] {
                var header = inet_diag_req_v2()
                header.sdiag_family = UInt8(family)
                header.sdiag_protocol = kind.number.rawValue
                header.idiag_ext = 1 << (UInt8(INET_DIAG_SKMEMINFO) - 1)
                // The kernel tells which peers must sign beside it, to those who may know.
                if kind.number == .tcp { header.idiag_ext |= 1 << (UInt8(INET_DIAG_INFO) - 1) }
                header.idiag_states = kind.states
                let request = NetlinkRequest(type: SOCK_DIAG_BY_FAMILY, structure: header)
                listeners += try dump(request, "read the listening sockets") {
                    Listener($0, protocol: TransportProtocol(kind.number), names: names)
                }
            }
        }
        return listeners.filter { $0.port != 0 }
    }
}
