internal import Ruleset
internal import Wire

extension PacketState {
    /// Whether its receiver must reply: an echo request, or a SYN.
    var owesReply: Bool { isEchoRequest || ipProtocol == .tcp && tcpFlags.map { $0 & 18 == 2 } == true }
}
