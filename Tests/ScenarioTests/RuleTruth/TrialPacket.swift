import Ruleset
import Wire

/// A packet that is sent through the routers of `RuleRouters`, as bytes and as the evaluator sees it.
struct TrialPacket {
    enum Kind: Int, CaseIterable {
        case syn, datagram, echo, syn6, datagram6
        /// SYN-ACK and data of one connection, whose SYN is sent before.
        case answer, data
        case echo6

        var isIPv4: Bool { ![.syn6, .datagram6, .echo6].contains(self) }
        /// What a case of several rules is tried with.
        static let requests: [Kind] = [.syn, .datagram, .echo, .syn6, .datagram6]
    }

    static let near = "02:00:00:00:00:01"
    static let far = "02:00:00:00:00:04"
    /// Of the routers, towards the sender and away from it.
    static let router = "02:00:00:00:00:02"
    static let routerBehind = "02:00:00:00:00:03"

    var kind: Kind
    /// Which packets of this kind it is: those of one case have one address.
    var group: Int
    var state: PacketState
    var frame: [UInt8]

    /// By whom it is told from all others: the address of the one who began.
    var address: IPAddress { kind == .answer ? state.destination : state.source }

    /// - Parameter setsUp: the SYN of the connection that `answer` and `data` are of.
    init(_ kind: Kind, group: Int, setsUp: Bool = false) {
        self.kind = kind
        self.group = group
        let client = Self.client(kind, group)
        let server = IPAddress(kind.isIPv4 ? "198.51.100.2" : "2001:db8:2::2") ?? client
        var state = PacketState(
            source: kind == .answer ? server : client, destination: kind == .answer ? client : server,
            ipProtocol: Self.ipProtocol(kind), ttl: 64, connection: .new)
        state.dscp = 0
        (state.isSourceTranslated, state.isDestinationTranslated) = (false, false)
        var payload = 0
        switch kind {
        case .syn, .syn6, .answer, .data:
            state.tcpFlags = setsUp ? 2 : [.answer: 18, .data: 24][kind] ?? 2
            state.sourcePort = kind == .answer ? 80 : 40000
            state.destinationPort = kind == .answer ? 40000 : 80
            payload = kind == .data && !setsUp ? 20 : 0
            if kind == .answer || kind == .data { state.connection = .established }
            state.isReply = kind == .answer
        case .datagram, .datagram6:
            (state.sourcePort, state.destinationPort) = (40000, 53)
            state.ttl = kind == .datagram ? 10 : 5
            state.dscp = 46
            payload = kind == .datagram ? 100 : 40
        case .echo, .echo6:
            (state.icmpType, state.icmpCode) = (kind == .echo ? 8 : 128, 0)
            if kind == .echo { (state.ttl, state.dscp) = (128, 8) }
            payload = 32
        }
        state.dontFragment = kind.isIPv4 ? state.ipProtocol == .tcp : nil
        let isAnswer = kind == .answer
        state.macSource = MACAddress(isAnswer ? Self.far : Self.near)
        state.macDestination = MACAddress(isAnswer ? Self.routerBehind : Self.router)
        let packet = FrameBuilder.packet(state, payload: payload)
        state.length = UInt32(packet.count)
        self.state = state
        frame = FrameBuilder.frame(state, packet)
    }

    private static func client(_ kind: Kind, _ group: Int) -> IPAddress {
        let host = kind == .answer ? Kind.data.rawValue + 1 : kind.rawValue + 1
        let text = kind.isIPv4 ? "10.9.\(group).\(host)" : "2001:db8:9:\(String(group, radix: 16))::\(host)"
        return IPAddress(text) ?? IPAddress(ipv4: 0)
    }

    private static func ipProtocol(_ kind: Kind) -> IPProtocol {
        switch kind {
        case .syn, .syn6, .answer, .data: .tcp
        case .datagram, .datagram6: .udp
        case .echo: .icmp
        case .echo6: .icmpv6
        }
    }
}
