internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Questions for a neighbour beyond a tunnel.
extension WalkDiagnosis {
    /// A tunnel's packets go in both directions, and none belongs to a connection of another: what keeps those of the
    /// reply out is a fault of the same kind, and the fix names it too.
    func withReplies(_ cause: Candidate, _ packet: PacketState, _ path: ForwardPath) -> Candidate {
        guard cause.traits.contains(.isOfCarrier), cause.finding.rule != nil, !packet.isReply,
            case .delivered(let end) = path.end, var remedy = cause.finding.remedy
        else { return cause }
        var answer = packet.answer
        answer.macSource = nil
        answer.macDestination = nil
        let back = PathFindings(
            ForwardPath(of: answer, from: .send(namespace: end), PathInputs(context, requestPassed: [])))
        let more = back.candidates.first {
            $0.isCertain && $0.traits.contains(.isOfCarrier) && $0.finding.rule != nil
                && $0.finding.where.namespace != cause.finding.where.namespace
        }
        guard let more, let rule = more.finding.rule, let actions = more.finding.remedy?.actions else { return cause }
        remedy.actions += actions
        var cause = cause
        cause.finding.remedy = remedy
        cause.finding.message +=
            "; \(rule.name) in \(more.finding.where.namespace ?? "the other end") would end those of the reply"
        return cause
    }

    /// The packet waits for a neighbour that is reached through a tunnel: what stops the outer packets of the answer, on
    /// their path back.
    func stoppedNeighbourAnswers(_ path: ForwardPath) -> [Candidate] {
        guard path.isBlocked || path.steps.contains(where: \.isUnansweredNeighbour) else { return [] }
        return answersFromInside(path) + answersFromOutside(path)
    }

    /// From an end of the tunnel that can't be seen: the outer packets of its answers come in by the device by which those
    /// of the questions went out.
    private func answersFromOutside(_ path: ForwardPath) -> [Candidate] {
        guard path.steps.contains(where: { if case .neighbour(let step) = $0 { step.isNobodys } else { false } }) else {
            return []
        }
        for case .carrier(let step) in path.steps {
            guard case .left(let namespace, let device) = step.outer.end, namespace == step.carrier.namespace?.name
            else { continue }
            var carrier = step.carrier
            swap(&carrier.packet.source, &carrier.packet.destination)
            swap(&carrier.inner.source, &carrier.inner.destination)
            carrier.packet.length = 0
            carrier.answersTunnel()
            let back = ForwardPath(
                of: carrier.packet, from: .received(namespace: namespace, device: device), PathInputs(context))
            return PathFindings(back).candidates.filter { $0.finding.rule != nil }.map { $0.concerning(carrier) }
        }
        return []
    }

    private func answersFromInside(_ path: ForwardPath) -> [Candidate] {
        for case .neighbour(let step) in path.steps {
            guard !step.isKnown, step.isUnanswered, case .path(let way) = step.resolution,
                way.steps.contains(where: \.isTunnel), topology[namespace: way.end.namespace] != nil,
                let asker = step.link.addresses.first(where: { $0.address.family == step.hop.family })?.address
            else { continue }
            let answer = PacketState(source: step.hop, destination: asker, ipProtocol: step.packet.ipProtocol)
            let back = ForwardPath(
                of: answer, from: .send(namespace: way.end.namespace),
                PathInputs(context, requestPassed: []))
            return PathFindings(back).candidates.filter {
                $0.traits.isSuperset(of: [.isOfCarrier, .stopsNeighbourDiscovery]) || isUnlearned($0)
            }
        }
        return []
    }

    /// Whether an end of a tunnel does not reach the other and has not learned from the question where it is.
    private func isUnlearned(_ candidate: Candidate) -> Bool {
        let place = candidate.finding.where
        guard candidate.finding.code == VXLANUnreachable().code, let namespace = place.namespace,
            let device = place.device
        else { return false }
        return topology[namespace: namespace]?[device: device]?.vxlan?.learning == false
    }
}

extension NeighbourStep {
    fileprivate var isNobodys: Bool { if case .nobody = resolution { isUnanswered } else { false } }
}

extension PathStep {
    fileprivate var isUnansweredNeighbour: Bool {
        if case .neighbour(let step) = self { step.isUnanswered } else { false }
    }
}

extension LayerTwoPath.Step {
    fileprivate var isTunnel: Bool { if case .tunnel = self { true } else { false } }
}
