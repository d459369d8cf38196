internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The reply to a datagram comes from another address, or another port, than was asked: conntrack does not take it for a
/// reply, nor does a socket that is connected to who was asked (RFC 1122, 4.1.3.5; udp(7)).
struct ReplySourceMismatch: Obstacle {
    let code: FindingCode = "reply-source-mismatch"

    func candidate(_ mismatch: SourceMismatch) -> Candidate {
        candidate(
            at: Finding.Place(namespace: mismatch.place, device: nil),
            "\(mismatch.server) was asked at \(mismatch.asked) and replies from \(mismatch.given): \(mismatch.effect); \(advice(mismatch))",
            evidence: mismatch.facts, rule: mismatch.rule)
    }

    private func advice(_ mismatch: SourceMismatch) -> String {
        if mismatch.isPort { return "the server has to reply from the port that was asked" }
        return
            "bind the server to \(mismatch.arrived.destination), or have it reply from the address that was asked (IP_PKTINFO)"
    }
}

/// A reply that does not come from where it was asked for, and what became of it.
struct SourceMismatch {
    /// The request, as it was last seen.
    var arrived: PacketState
    /// The reply, as it was first seen.
    var reply: PacketState
    /// Who replies, in words.
    var server: String
    var place: String
    var effect: String
    var facts: [Fact]
    var rule: RuleReference?

    var isPort: Bool { reply.source == arrived.destination }
    var asked: String { Diversion.socket(arrived) }
    var given: String {
        var packet = reply
        packet.destination = reply.source
        packet.destinationPort = reply.sourcePort
        return Diversion.socket(packet)
    }
}
