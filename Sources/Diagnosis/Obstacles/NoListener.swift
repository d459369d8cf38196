internal import Observations
internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// No socket listens on the port.
struct NoListener: Obstacle {
    let code: FindingCode = "no-listener"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set<DropReason> = Self.dropReasons

    static let dropReasons: Set<DropReason> = ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.explainsSilence, .concernsDatagram]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let socket) = step else { return [] }
        let namespace = socket.namespace.name
        let name = TransportProtocol(socket.packet.ipProtocol)
        let port = socket.packet.destinationPort ?? 0
        if let taker = socket.taker(surroundings) {
            return [.passed("\(taker.process ?? "a socket") listens on \(name) port \(port) in \(namespace)")]
        }
        guard socket.isUnserved(surroundings), socket.listenersElsewhere.isEmpty,
            PortNotPublished().examine(step, surroundings).isEmpty, socket.foreignRoute(surroundings) == nil
        else { return [] }
        if let listener = socket.matching.first {
            return stops(
                at: Finding.Place(namespace: namespace, hook: .input),
                "the packet arrived in \(namespace) and was refused; \(listener.words) listens on that port now",
                evidence: [.state("\(listener.words) in \(namespace)")], isCertain: false)
        }
        // The asker's own socket listens to nobody else.
        let isOwn = socket.namespace.holds(surroundings.origin.source) || surroundings.origin.source.isLoopback
        let asker = isOwn ? surroundings.origin.sourcePort : nil
        let others = socket.namespace.listeners.filter {
            $0.protocol == name && (asker == nil || asker == port || !$0.isOn(socket.packet.ipProtocol, port: asker))
        }.map(\.words)
        let unmet =
            socket.publication.map {
                "; \($0.name) would send it elsewhere and was not met: an older entry of conntrack, or a packet that is not tracked, keeps rules of nat from being asked"
            } ?? ""
        let known =
            others.isEmpty
            ? "there is no \(name) listener at all" : "listening: \(others.prefix(6).joined(separator: ", "))"
        return stops(
            at: Finding.Place(namespace: namespace, hook: .input),
            "the packet arrived in \(namespace), but nothing there listens on \(name) port \(port)\(unmet)\(socket.diversion(surroundings))\(socket.otherFamilyWords); \(known)",
            evidence: [.state("no \(name) socket on port \(port) in \(namespace)")])
    }

    /// A broadcast for which no socket on the link asks.
    func nobody(_ packet: PacketState, _ target: GroupTarget) -> Finding {
        let name = packet.ipProtocol.description
        let port = packet.destinationPort ?? 0
        let names = target.receivers.map(\.namespace)
        return Finding(
            code: code, severity: .warning,
            where: Finding.Place(namespace: target.sender.name, device: target.device?.name),
            message:
                "the broadcast went out on \(target.link), but nobody seen there listens on \(name) port \(port): \(names.prefix(6).joined(separator: ", "))\(names.count > 6 ? ", …" : "")",
            evidence: names.prefix(6).map { .state("no \(name) socket on port \(port) in \($0)") })
    }
}
