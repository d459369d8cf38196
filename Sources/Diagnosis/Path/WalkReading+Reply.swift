internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

extension WalkReading {
    /// Whether the packet goes in the direction of its connection's replies: by what it is, else by the connection
    /// table.
    ///
    /// A walk may answer another and be no reply: the last ACK of a handshake answers the SYN-ACK.
    ///
    /// - Parameter flows: what conntrack said. What the walk itself shows of a translation tells no direction.
    func isReply(_ flows: [FlowEvent]) -> Bool {
        guard let packet = packet() else { return false }
        if packet.ipProtocol == .tcp, let flags = packet.tcpFlags {
            // SYN-ACK; SYN.
            if flags & 0b1_0010 == 0b1_0010 { return true }
            if flags & 0b10 != 0 { return false }
        } else if packet.isEchoRequest {
            return false
        } else if walk.answers != nil {
            return true
        }
        for flow in flows {
            if flow.reply.covers(packet) || flow.original.reversed.covers(packet) { return true }
            if flow.original.covers(packet) || flow.reply.reversed.covers(packet) { return false }
        }
        // A reset that answers.
        return walk.answers != nil && packet.tcpFlags.map { $0 & 0b100 != 0 } == true
    }
}
