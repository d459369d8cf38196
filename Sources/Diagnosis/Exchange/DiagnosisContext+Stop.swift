internal import Ruleset
internal import Observations
internal import WalkModel
internal import Wire

extension DiagnosisContext {
    /// Takes up what a walk's end says in words: the ICMP error that came, or the sender's errno.
    mutating func read(_ stop: Stop, of walk: Walk) {
        guard let reason = stop.reason else { return }
        let words = reason.split(separator: " ")
        if words.count == 7, words[0].hasPrefix("ICMP"), let type = UInt8(words[2]), let code = UInt8(words[4]),
            let source = IPAddress(words[6]), icmpErrors.isEmpty
        {
            icmpErrors.append(ICMPError(source: source, type: type, code: code))
        }
        if sendFailures.isEmpty, let open = reason.firstRange(of: " (errno "), let namespace = stop.namespace,
            let number = Int32(reason[open.upperBound...].dropLast()), let destination = IPAddress(walk.destination)
        {
            let unspecified = destination.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
            sendFailures.append(
                SendFailure(
                    timeNanoseconds: 0, namespace: namespace,
                    tuple: FlowTuple(
                        source: IPAddress(walk.source) ?? unspecified, destination: destination,
                        sourcePort: walk.sourcePort ?? 0, destinationPort: walk.destinationPort ?? 0,
                        ipProtocol: IPProtocol(rawValue: protocolNumber(walk.protocol) ?? 0)),
                    errorNumber: number, message: String(reason[..<open.lowerBound])))
        }
    }
}
