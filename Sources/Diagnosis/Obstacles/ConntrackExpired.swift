internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Conntrack of a router has no entry any more for a connection that goes on: what comes for the translated address is
/// taken for the router itself, which answers with a reset. Mostly the connection was idle for longer than its entry is
/// kept.
struct ConntrackExpired: Obstacle {
    let code: FindingCode = "conntrack-expired"
    let traits: ObstacleTraits = [.concernsDatagram, .explainsSilence]
    /// RFC 5382, REQ-5: no translator may forget an established connection sooner, in seconds.
    private static let least = 7440
    private static let key = "net.netfilter.nf_conntrack_tcp_timeout_established"

    /// - Parameter flow: the entry, when it went; nil where that was not seen.
    func candidate(_ packet: PacketState, in namespace: Namespace, flow: FlowEvent?) -> Candidate {
        let name = namespace.name
        let timeout = namespace.settings.value(Self.key)?.number
        let setting = timeout.map { "; \(Self.key) = \($0) (seconds)" } ?? ""
        var evidence: [Fact] = []
        if let flow { evidence.append(.seen("conntrack of \(name) dropped its entry \(flow.original.words)")) }
        if let timeout { evidence.append(.state("\(Self.key) = \(timeout) in \(name)")) }
        let subject =
            flow.map { "conntrack of \(name) forgot the connection \($0.original.words)" }
            ?? "conntrack of \(name) has no entry for the connection of \(packet.source) > \(packet.destination)"
        let effect =
            flow.map { "the packet is no longer translated to \($0.original.source)" } ?? "the packet is not translated"
        let isShort = timeout.map { $0 < Self.least } ?? false
        return candidate(
            at: Finding.Place(namespace: name, hook: .prerouting),
            "\(subject): \(effect), and \(name) itself, where no socket has it, answers with a reset\(setting)",
            evidence: evidence,
            remedy: isShort && flow != nil ? Remedy([.sysctl(namespace, Self.key, "432000")]) : nil,
            isCertain: flow != nil)
    }
}
