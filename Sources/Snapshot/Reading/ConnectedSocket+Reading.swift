internal import CNetlink
internal import Glibc
internal import Netlink
internal import Network
internal import Wire

extension ConnectedSocket {
    /// Those of the calling thread's namespace, where there are so many that no local port may be left (sock_diag(7)); else none:
    /// they decide nothing then. Throws `SystemError`.
    ///
    /// - Parameters:
    ///   - use: how many sockets there are.
    ///   - ports: those that are given to sockets which ask for none.
    static func readIfCrowded(_ use: SocketUse?, _ ports: ClosedRange<UInt16>?) throws -> [ConnectedSocket] {
        guard let use, let ports else { return [] }
        var found: [ConnectedSocket] = []
        // States of enum tcp_state: all but TCP_CLOSE and TCP_LISTEN; those that are bound and no more (13) since Linux 6.8.
        let states: UInt32 = 0b10_1011_0111_1110
        if use.tcp + use.timeWait >= ports.count { found += try read(.tcp, states: states) }
        // TCP_ESTABLISHED, which for UDP means that connect(2) was called.
        if use.udp >= ports.count { found += try read(.udp, states: 1 << 1) }
        return found
    }

    private static func read(_ number: IPProtocol, states: UInt32) throws -> [ConnectedSocket] {
        var conversation = NetlinkConversation(try NetlinkSocket(.socketDiagnosis))
        var found: [ConnectedSocket] = []
        for family in [AF_INET, AF_INET6] {
            var header = inet_diag_req_v2()
            header.sdiag_family = UInt8(family)
            header.sdiag_protocol = number.rawValue
            header.idiag_states = states
            let request = NetlinkRequest(type: SOCK_DIAG_BY_FAMILY, structure: header)
            found += try conversation.dump(request, "read the sockets that hold local ports") {
                ConnectedSocket($0, number)
            }
        }
        return found
    }

    /// From an answer of `struct inet_diag_msg` (linux/inet_diag.h); nil where it is too short, or of a socket without a port.
    init?(_ message: NetlinkMessage, _ number: IPProtocol) {
        let header = message.payload
        guard header.count >= MemoryLayout<inet_diag_msg>.size, let family = header.byte(at: 0),
            let localPort = header.networkUInt16(at: 4), localPort != 0, let remotePort = header.networkUInt16(at: 6)
        else { return nil }
        let length = Int32(family) == AF_INET ? 4 : 16
        // Both ports, then the two addresses, each in 16 bytes.
        guard let local = IPAddress(bytes: header.dropFirst(8).prefix(length)),
            let remote = IPAddress(bytes: header.dropFirst(24).prefix(length))
        else { return nil }
        self.init(TransportProtocol(number), local: local, localPort, remote: remote, remotePort)
    }
}
