internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// What conntrack remembers, or does not.
extension WalkDiagnosis {
    /// A translation that the rules have for the packet and that it was seen without, where it is known why.
    func unmetTranslation(_ reading: WalkReading) -> Candidate? {
        guard let unmet = UnmetTranslation.first(on: reading, flows: context.flows) else { return nil }
        switch unmet.why {
        case .older(let flow): return StaleConntrack().candidate(unmet, flow)
        case .untracked(let rule): return ConnectionUntracked().candidate(unmet, by: rule)
        case .unknown: return nil
        }
    }

    /// The same where nothing says why: a private source that was seen to leave refutes what the rules promise.
    func refutedTranslation(_ reading: WalkReading) -> Candidate? {
        guard isComplete, !hasLost(.connections),
            let unmet = UnmetTranslation.first(on: reading, flows: context.flows),
            case .unknown = unmet.why
        else { return nil }
        return NoSourceNAT().candidate(unmet)
    }

    /// What conntrack held when the packet of a walk passed.
    func history(_ walk: Walk) -> ConnectionHistory { ConnectionHistory(context.flows, before: walk) }

    /// A packet of a connection under way that a router took for itself, since it does not translate it any more.
    ///
    /// - Parameters:
    ///   - arrived: the packet, in the namespace that took it.
    ///   - walk: that of the packet.
    func forgottenConnection(
        _ arrived: PacketState, in namespace: Namespace, of walk: Walk, isRefused: Bool
    ) -> Candidate? {
        guard arrived.isUnderWay else { return nil }
        let history = history(walk)
        if let flow = history.forgotten(arrived, in: namespace.name), flow.original != flow.reply.reversed {
            return ConntrackExpired().candidate(arrived, in: namespace, flow: flow)
        }
        // That it had an entry is likely only where it could have one: a router that translates, and no socket of its own.
        guard isRefused, arrived.ipProtocol == .tcp, !history.holds(arrived, in: namespace.name, thatTranslates: true),
            !namespace.netfilter.nat.isEmpty,
            !namespace.listeners.contains(where: { $0.isOn(.tcp, port: arrived.destinationPort) })
        else { return nil }
        return ConntrackExpired().candidate(arrived, in: namespace, flow: nil)
    }

    /// A packet of a connection under way that came to a router's own sockets, where none takes it.
    ///
    /// - Parameter cause: the finding that no socket listens.
    func forgottenConnection(without cause: Candidate, _ reading: WalkReading) -> Candidate? {
        guard cause.finding.code == NoListener().code, let last = reading.last,
            cause.finding.where.namespace == last.namespace, let arrived = reading.packet(at: last),
            let namespace = topology[namespace: last.namespace]
        else { return nil }
        return forgottenConnection(arrived, in: namespace, of: reading.walk, isRefused: true)
    }

    /// The finding for one more reply to a datagram, which a router took that had forgotten the flow; empty for any other.
    mutating func forgottenAnswer(_ reading: WalkReading) -> [Finding] {
        guard walk.kind.ipProtocol == .udp, let last = reading.last, let arrived = reading.packet(at: last),
            let namespace = topology[namespace: last.namespace],
            let found = forgottenConnection(arrived, in: namespace, of: walk, isRefused: false)
        else { return [] }
        if reply?.isICMPError == true { walk.outcome = .rejected }
        return finding(of: found, reading, fact: reply.map { .seen("the reply is \($0.summary)") })
    }

    /// A packet of a connection under way that a rule ended which would let it pass, had conntrack an entry for it.
    ///
    /// - Parameter cause: the finding for the rule, as the witnesses name it.
    func forgottenConnection(behind cause: Candidate, on path: ForwardPath, _ reading: WalkReading) -> Candidate? {
        guard let rule = cause.finding.rule, let name = cause.finding.where.namespace,
            cause.finding.code != ConntrackInvalid().code,
            let namespace = topology[namespace: name],
            let entry = reading.sightings.first(where: { $0.namespace == name }),
            let packet = reading.packet(at: entry), packet.isUnderWay || packet.isReset || packet.acceptsConnection
        else { return nil }
        let history = history(reading.walk)
        let flow = history.forgotten(packet, in: name)
        let isUnknown = packet.ipProtocol == .tcp && !packet.isReset && !history.holds(packet, in: name)
        guard flow != nil || isUnknown else { return nil }
        for case .hook(let step) in path.steps where step.traversal.site.namespace.name == name {
            var asked = step.packet
            // Without an entry a reply is not part of a connection.
            let assumed = flow == nil && asked.connection == .established ? nil : asked.connection
            let state = assumed ?? PathInputs.stateWithoutEntry(asked, namespace)
            asked.connection = state
            let result = step.traversal.run(asked)
            guard let ending = result.ending, ending.rule.isSame(as: rule), result.doubts.isEmpty else { continue }
            asked.connection = .established
            guard step.traversal.run(asked).ending == nil else { return nil }
            if flow == nil, otherDirectionAvoids(namespace, packet) {
                asked.connection = state
                let whole = RuleEnding(ending: ending, traversal: step.traversal, packet: asked)
                let isServer = topology.namespaces.contains { sender in
                    sender.holds(packet.source) && sender.listeners.contains { $0.isOn(.tcp, port: packet.sourcePort) }
                }
                var found = ConntrackInvalid().candidate(
                    whole, in: namespace, state: state, isFromServer: isServer, ending: cause.finding)
                found.isCertain = cause.isCertain
                return found
            }
            // A SYN proxy has no entry for what it has not opened itself.
            if packet.acceptsConnection || flow == nil && !namespace.netfilter.compiled.synProxies.isEmpty {
                return nil
            }
            return ConntrackExpired().candidate(
                packet, in: namespace, flow: flow, state: state, ending: cause.finding)
        }
        return nil
    }

    /// Whether what the packet's receiver sends to its sender goes past a namespace that the packet itself passes.
    private func otherDirectionAvoids(_ namespace: Namespace, _ packet: PacketState) -> Bool {
        guard let receiver = topology.namespaces.first(where: { $0.holds(packet.destination) }),
            let sender = topology.namespaces.first(where: { $0.holds(packet.source) }),
            receiver.name != namespace.name, sender.name != namespace.name
        else { return false }
        var other = packet.answer
        other.macSource = nil
        other.macDestination = nil
        let path = ForwardPath(of: other, from: .send(namespace: receiver.name), PathInputs(context))
        return path.end == .delivered(namespace: sender.name)
            && !path.routers.contains { $0.namespace == namespace.name }
    }
}

extension PacketState {
    /// A SYN-ACK.
    fileprivate var acceptsConnection: Bool { ipProtocol == .tcp && tcpFlags.map { $0 & 0b1_0110 == 0b1_0010 } == true }

    fileprivate var isReset: Bool { ipProtocol == .tcp && tcpFlags.map { $0 & 0b110 == 0b100 } == true }

    /// Whether it may be of a connection that is open already: it neither opens nor resets one.
    fileprivate var isUnderWay: Bool {
        switch ipProtocol {
        case .tcp: tcpFlags.map { $0 & 0b110 == 0 } ?? false
        case .udp: fragment == nil
        default: false
        }
    }
}
