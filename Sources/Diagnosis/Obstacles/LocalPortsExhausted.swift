internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// The sender's socket wanted a local port and there is none: each is in use, most by connections to the same
/// destination that are open or in TIME_WAIT (`inet_hash_connect`: EADDRNOTAVAIL; `inet_autobind`: EAGAIN).
struct LocalPortsExhausted: Obstacle {
    let code: FindingCode = "local-ports-exhausted"
    private static let key = "net.ipv4.ip_local_port_range"

    /// Nil where the error, or what is known of the sender, speaks against it.
    func candidate(_ failure: SendFailure, _ stop: StoppedPacket) -> Candidate? {
        let isTCP = failure.tuple.ipProtocol == .tcp
        guard failure.errorNumber == (isTCP ? 99 : 11), isTCP || failure.tuple.ipProtocol == .udp,
            let namespace = stop.context.topology[namespace: failure.namespace],
            let range = namespace.settings.localPorts, isSourceSound(failure, namespace)
        else { return nil }
        let use = namespace.socketUse
        let held = use.map { isTCP ? $0.tcp + $0.timeWait : $0.udp }
        let isFull = held.map { $0 >= range.count } ?? false
        let destination = "\(failure.tuple.destination) port \(failure.tuple.destinationPort)"
        let name = isTCP ? "TCP" : "UDP"
        let count = held.map { "; \(namespace.name) has \($0) \(name) sockets" } ?? ""
        var evidence: [Fact] = [
            .kernel("the send call failed: \(failure.message)"),
            .state("\(Self.key) = \(range.lowerBound) \(range.upperBound) in \(namespace.name)"),
        ]
        if let use {
            evidence.append(
                .state(
                    "\(use.tcp) TCP sockets, \(use.timeWait) in TIME_WAIT, \(use.udp) UDP sockets in \(namespace.name)")
            )
        }
        return candidate(
            at: Finding.Place(namespace: namespace.name),
            "\(namespace.name) has no local port left for \(destination): \(Self.key) gives \(range.count) (\(range.lowerBound) to \(range.upperBound))\(count)",
            evidence: evidence, remedy: isFull ? remedy(range, namespace) : nil, isCertain: isFull)
    }

    /// The default range, where this one is within it. More connections than that are the program's affair.
    private func remedy(_ range: ClosedRange<UInt16>, _ namespace: Namespace) -> Remedy? {
        guard range.count < 28_232 else { return nil }
        return Remedy([.sysctl(namespace, Self.key, "32768 60999")])
    }

    /// An address that is not the sender's gives the same error, as does an IPv6 socket that finds none of its own.
    private func isSourceSound(_ failure: SendFailure, _ namespace: Namespace) -> Bool {
        let source = failure.tuple.source
        if !source.isUnspecified { return namespace.holds(source) }
        return failure.tuple.destination.isIPv4
            || namespace.links.contains { $0.addresses.contains { !$0.address.isIPv4 && !$0.address.isLinkLocal } }
    }
}
