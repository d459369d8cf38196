internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Conntrack holds an entry for the flow that is older than the rule that would translate it: rules of nat are asked for
/// the first packet of a connection only, and what keeps sending keeps the entry alive.
struct StaleConntrack: Obstacle {
    let code: FindingCode = "conntrack-stale"
    let traits: ObstacleTraits = [.concernsDatagram, .explainsSilence]

    func candidate(_ unmet: UnmetTranslation, _ flow: FlowEvent) -> Candidate {
        let name = unmet.namespace.name
        let translated = flow.reply.reversed
        let isSame = translated == flow.original
        let effect =
            isSame
            ? "leaves it untranslated"
            : unmet.isSource
                ? "gives it the source \(translated.source), which \(name) does not have"
                : "translates it to \(translated.destinationWords)"
        return candidate(
            at: Finding.Place(
                namespace: name, hook: unmet.isSource ? .postrouting : .prerouting, device: unmet.outDevice),
            "conntrack of \(name) holds an older entry for \(flow.original.words), which \(effect): rules of nat are asked for the first packet of a connection only, so \(unmet.rule.name) is not met",
            evidence: [
                .state(
                    "conntrack entry in \(name): \(flow.original.words), replies \(flow.reply.words)\(flow.status & 2 == 0 ? ", unreplied" : "")"
                ), .state("\(unmet.rule.name): \(unmet.rule.text ?? "")"),
            ], rule: unmet.rule, remedy: Remedy([.run(unmet.namespace, Self.deletion(flow.original))]))
    }

    /// Of a packet that passed: another connection of its two ends goes elsewhere.
    func note(_ remembered: RememberedConnection) -> Finding? {
        guard let difference = remembered.difference else { return nil }
        let (flow, name) = (remembered.flow, remembered.namespace.name)
        let state = remembered.isReplied ? "" : ", to which no reply came"
        return Finding(
            code: code, severity: .info, where: Finding.Place(namespace: name),
            message:
                "this packet is the first of its connection; conntrack of \(name) holds an older entry for \(flow.original.words)\(state), which \(difference.words)",
            evidence: [
                .state(
                    "conntrack entry in \(name): \(flow.original.words), replies \(flow.reply.words)\(remembered.isReplied ? "" : ", unreplied")"
                ), .seen(difference.contrast),
            ], remedy: Remedy([.run(remembered.namespace, Self.deletion(flow.original))]))
    }

    /// Of this one entry (conntrack(8)).
    private static func deletion(_ tuple: FlowTuple) -> CommandWords {
        let family: CommandWords = tuple.source.isIPv4 ? "" : "-f ipv6"
        let words: CommandWords =
            "conntrack -D \(words: family) -p \(tuple.ipProtocol.description) -s \(tuple.source) -d \(tuple.destination)"
        switch tuple.ipProtocol {
        case .tcp, .udp, .sctp, .udpLite:
            return words + "--sport \(tuple.sourcePort) --dport \(tuple.destinationPort)"
        default: return words
        }
    }
}

extension FlowTuple {
    /// `udp 203.0.113.9:5514 > 203.0.113.1:514`.
    var words: String { "\(ipProtocol) \(Self.end(source, sourcePort, self)) > \(destinationWords)" }
    var destinationWords: String { Self.end(destination, destinationPort, self) }

    private static func end(_ address: IPAddress, _ port: UInt16, _ tuple: FlowTuple) -> String {
        switch tuple.ipProtocol {
        case .tcp, .udp, .sctp, .udpLite: address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        default: "\(address)"
        }
    }
}
