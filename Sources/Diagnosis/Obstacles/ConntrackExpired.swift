internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Conntrack has no entry any more for a connection that goes on: mostly it was idle for longer than its entry is kept.
///
/// What comes for the translated address of a router is then taken for the router itself, and what a firewall lets pass
/// as part of a connection is the first packet of one to it, or invalid.
struct ConntrackExpired: Obstacle {
    let code: FindingCode = "conntrack-expired"
    let traits: ObstacleTraits = [.concernsDatagram, .explainsSilence]

    /// How long an entry is kept, and how long it should be.
    private struct Timeout {
        var key: String
        var seconds: Int
        /// No translator may forget sooner: RFC 5382, REQ-5; RFC 4787, REQ-5. The kernel's own time for a UDP flow that had
        /// no reply is shorter.
        var least: Int
        /// The kernel's default.
        var ordinary: Int

        init?(_ ipProtocol: IPProtocol, status: UInt32?, in namespace: Namespace) {
            // IPS_ASSURED
            let isStream = status.map { $0 & 4 != 0 } ?? true
            switch ipProtocol {
            case .tcp: (key, least, ordinary) = ("tcp_timeout_established", 7440, 432_000)
            case .udp where isStream: (key, least, ordinary) = ("udp_timeout_stream", 120, 120)
            case .udp: (key, least, ordinary) = ("udp_timeout", 30, 30)
            default: return nil
            }
            key = "net.netfilter.nf_conntrack_\(key)"
            guard let seconds = namespace.settings.value(key)?.number else { return nil }
            self.seconds = seconds
        }

        var words: String { "\(key) = \(seconds)" }
        var isShort: Bool { seconds < least }
    }

    /// A packet that a router took for itself.
    ///
    /// - Parameter flow: the entry, when it went; nil where that was not seen.
    func candidate(_ packet: PacketState, in namespace: Namespace, flow: FlowEvent?) -> Candidate {
        let name = namespace.name
        let effect =
            flow.map { "the packet is no longer translated to \(Self.inside(of: $0, packet))" }
            ?? "the packet is not translated"
        let answer = packet.ipProtocol == .tcp ? "answers with a reset" : "refuses it"
        return candidate(
            packet, in: namespace, flow: flow, place: Finding.Place(namespace: name, hook: .prerouting),
            effect: "\(effect), and \(name) itself, where no socket has it, \(answer)")
    }

    /// A packet that a rule ends which lets established connections pass.
    ///
    /// - Parameters:
    ///   - state: what conntrack calls it now.
    ///   - ending: the finding for the rule or policy.
    func candidate(
        _ packet: PacketState, in namespace: Namespace, flow: FlowEvent?, state: ConnectionState, ending: Finding
    ) -> Candidate {
        var found = candidate(
            packet, in: namespace, flow: flow, place: ending.where,
            effect:
                "its state is \(state.rawValue), and \(ending.rule?.words ?? "a rule") drops what is not established")
        found.finding.rule = ending.rule
        found.finding.path = ending.path
        found.finding.unmatched = ending.unmatched
        found.finding.evidence += ending.evidence
        return found
    }

    private func candidate(
        _ packet: PacketState, in namespace: Namespace, flow: FlowEvent?, place: Finding.Place, effect: String
    ) -> Candidate {
        let name = namespace.name
        let timeout = Timeout(packet.ipProtocol, status: flow?.status, in: namespace)
        var evidence: [Fact] = []
        if let flow { evidence.append(.seen("conntrack of \(name) dropped its entry \(flow.original.words)")) }
        if let timeout { evidence.append(.state("\(timeout.words) in \(name)")) }
        let subject =
            flow.map { "conntrack of \(name) forgot the connection \($0.original.words)" }
            ?? "conntrack of \(name) has no entry for the connection of \(packet.source) > \(packet.destination)"
        let setting = timeout.map { "; \($0.words) (seconds)" } ?? ""
        var remedy: Remedy?
        if let timeout, timeout.isShort, flow != nil {
            remedy = Remedy([.sysctl(namespace, timeout.key, "\(timeout.ordinary)")])
        }
        return candidate(
            at: place, "\(subject): \(effect)\(setting)", evidence: evidence, remedy: remedy, isCertain: flow != nil)
    }

    /// To which the packet went while the entry was there.
    private static func inside(of flow: FlowEvent, _ packet: PacketState) -> IPAddress {
        flow.reply.covers(packet) ? flow.original.source : flow.reply.source
    }
}
