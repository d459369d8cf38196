internal import Ruleset
internal import Observations
internal import WalkModel
internal import Wire

extension DiagnosisContext {
    /// With what the kernel said of the reply in the place of what it said of the request: the rules that it met, its drop,
    /// the error of its send call.
    func about(_ reply: Walk) -> DiagnosisContext {
        var context = self
        context.rules = reply.witness.rules
        context.drops = EvidenceLedger.drops(of: reply)
        context.sendFailures = reply.witness.sendFailure.map { [$0] } ?? []
        return context
    }

    /// Takes up what a walk's end says: the ICMP error that came, or the sender's errno.
    mutating func read(_ stop: Stop, of walk: Walk) {
        switch stop.cause {
        case .icmpError(let source, let type, let code) where icmpErrors.isEmpty:
            icmpErrors.append(ICMPError(source: source, type: type, code: code))
        case .sendFailure(let errorNumber, let message) where sendFailures.isEmpty:
            guard let namespace = stop.namespace else { return }
            sendFailures.append(
                SendFailure(
                    timeNanoseconds: 0, namespace: namespace,
                    tuple: FlowTuple(
                        source: walk.source, destination: walk.destination, sourcePort: walk.sourcePort ?? 0,
                        destinationPort: walk.destinationPort ?? 0,
                        ipProtocol: walk.kind.ipProtocol ?? IPProtocol(rawValue: 0)),
                    errorNumber: errorNumber, message: message))
        case .icmpError, .sendFailure, .kernelDrop, nil: break
        }
    }
}
