internal import Ruleset
internal import WalkModel
internal import Wire

extension PacketState {
    /// Whether its receiver must reply: an echo request, or a SYN.
    var owesReply: Bool { isEchoRequest || opensConnection }

    /// Whether it is a SYN without an ACK.
    var opensConnection: Bool { ipProtocol == .tcp && tcpFlags.map { $0 & 18 == 2 } == true }

    /// Whether it tells of what became of another packet.
    var isICMPError: Bool {
        switch (ipProtocol, icmpType) {
        case (.icmp, let type?): ICMPMessage(type: type).isError
        case (.icmpv6, let type?): ICMPMessage(isIPv6: true, type: type).isError
        default: false
        }
    }

    /// Whether it is a question or an answer of neighbour discovery.
    var isNeighbourDiscovery: Bool { ipProtocol == .icmpv6 && (icmpType == 135 || icmpType == 136) }
}
