internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Questions for a neighbour beyond a tunnel.
extension WalkDiagnosis {
    /// The packet waits for a neighbour that is reached through a tunnel: what stops the outer packets of the answer, on
    /// their path back.
    func stoppedNeighbourAnswers(_ path: ForwardPath) -> [Candidate] {
        for case .neighbour(let step) in path.steps {
            guard !step.isKnown, step.isUnanswered, case .path(let way) = step.resolution,
                way.steps.contains(where: \.isTunnel), topology[namespace: way.end.namespace] != nil,
                let asker = step.link.addresses.first(where: { $0.address.family == step.hop.family })?.address
            else { continue }
            let answer = PacketState(source: step.hop, destination: asker, ipProtocol: step.packet.ipProtocol)
            let back = ForwardPath(of: answer, from: .send(namespace: way.end.namespace), PathInputs(context))
            return PathFindings(back).candidates.filter {
                $0.traits.isSuperset(of: [.isOfCarrier, .stopsNeighbourDiscovery])
            }
        }
        return []
    }
}

extension LayerTwoPath.Step {
    fileprivate var isTunnel: Bool { if case .tunnel = self { true } else { false } }
}
