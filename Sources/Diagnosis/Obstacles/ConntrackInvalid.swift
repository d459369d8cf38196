internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A rule drops what conntrack calls invalid: of a connection that it never saw begin, or saw in one direction only.
struct ConntrackInvalid: Obstacle {
    let code: FindingCode = "conntrack-invalid"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        let isUnseen = surroundings.inputs.requestPassed?.contains(rule.namespace.name) == false
        guard rule.packet.connection == .invalid, rule.text.lowercased().contains("invalid") else {
            return isUnseen ? halfSeen(rule, base) : nil
        }
        let seen =
            isUnseen
            ? "it replies to a packet that did not pass through \(rule.namespace.name)"
            : "it belongs to no known connection"
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) drops \(rule.subject) as invalid: \(seen), so conntrack has no entry for it"
        return finding
    }

    /// A rule or policy that ends what is not part of a connection, and would let pass what is.
    private func halfSeen(_ rule: RuleEnding, _ base: Finding) -> Finding? {
        guard rule.packet.ipProtocol == .tcp, rule.wouldPassEstablished else { return nil }
        let name = rule.namespace.name
        let state = rule.packet.connection ?? PathInputs.stateWithoutEntry(rule.packet, rule.namespace)
        var finding = base
        finding.message =
            "\(rule.rule.words) in \(name) \(rule.verb) \(rule.subject): the packets that it replies to do not pass through \(name), so to conntrack it is part of no connection (\(state.rawValue))"
        finding.remedy = rule.accept(byPortOf: .source).map { Remedy([$0]) }
        return finding
    }

    /// The same of a packet in the middle of a connection whose other direction was not seen.
    ///
    /// - Parameters:
    ///   - rule: what ends it, where it was asked.
    ///   - state: what conntrack calls it.
    ///   - ending: the finding for the rule or policy.
    func candidate(
        _ rule: RuleEnding, in namespace: Namespace, state: ConnectionState, isFromServer: Bool, ending: Finding
    ) -> Candidate {
        let (name, packet) = (namespace.name, rule.packet)
        var found = candidate(
            at: ending.where,
            "\(rule.rule.words) in \(name) \(rule.verb) \(packet.source) > \(packet.destination): packets of the other direction do not pass through \(name), so to conntrack it is part of no connection (\(state.rawValue))",
            evidence: ending.evidence, rule: ending.rule,
            remedy: rule.accept(byPortOf: isFromServer ? .source : .destination).map { Remedy([$0]) },
            isCertain: ending.severity == .error)
        found.finding.path = ending.path
        found.finding.unmatched = ending.unmatched
        return found
    }
}

extension RuleEnding {
    /// Whether it would not end a packet of a connection that conntrack knows.
    fileprivate var wouldPassEstablished: Bool {
        var asked = packet
        asked.connection = .established
        let result = traversal.run(asked)
        return result.ending == nil && result.doubts.isEmpty
    }

    /// An accept for what passes between a server and a client in one direction, without asking conntrack.
    fileprivate func accept(byPortOf end: RuleField.End) -> RemedyAction? {
        guard packet.sourcePort != nil else { return nil }
        return AcceptRemedy.exception(
            to: rule, in: ending.chain, packet, traversal, port: end, target: ("-j ACCEPT", "accept"))
    }
}
