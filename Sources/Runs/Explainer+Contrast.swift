internal import Diagnosis
internal import Discovery
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Probes
internal import WalkModel
internal import Wire

/// When the packet arrives although the user's traffic fails: what differs between them.
extension Explainer {
    /// How long an echo request of full size may take.
    private static let longWaitMilliseconds = 500

    /// The explanation with notes on what could stop other traffic of the same two ends, where its packet was answered.
    func contrasted(_ explanation: Explanation) -> Explanation {
        let exchanges = explanation.group.exchanges
        // An opened connection is more than one exchange.
        guard looksFurther, exchanges.allSatisfy({ $0.arrived && $0.request.findings.isEmpty }),
            let answered = exchanges.firstIndex(where: { $0.reply?.isICMPError == false }),
            !interruption.isRequested, let network = explanation.group.topology
        else { return explanation }
        let walk = exchanges[answered].request
        var explanation = explanation
        let found = Contrast(
            walk, network, flows: explanation.flows, longer: longerPacket(walk, in: network)
        ).findings()
        explanation.group.exchanges[answered].request.findings = found.notes
        // A note says itself what else was looked at.
        explanation.remarks = found.notes.isEmpty ? found.passed : []
        return explanation
    }

    /// Sends an echo request that fills the MTU of the sender's device, with DF: to the same address, and only where no
    /// size was asked for.
    private func longerPacket(_ walk: Walk, in topology: Topology) -> Contrast.LongerPacket? {
        guard request.payloadLength == nil, let name = walk.hops.first?.namespace,
            let namespace = topology[namespace: name], let mtu = outgoingMTU(namespace, walk)
        else { return nil }
        let headers: UInt32 = walk.destination.isIPv4 ? 28 : 48
        guard mtu > headers + 56, mtu - headers <= 65_000 else { return nil }
        let longer = PacketRequest(
            kind: .echo, destination: walk.destination, source: request.source, payloadLength: Int(mtu - headers),
            dontFragment: true, mark: request.mark, device: request.device)
        guard let sender = try? PacketSender(longer, in: NetworkNamespaceFile(path: namespace.path), name: name) else {
            return nil
        }
        let answer: PacketSender.Answer =
            if let failure = sender.send() { .error(failure.errorNumber) } else {
                sender.awaitAnswer(timeoutMilliseconds: Self.longWaitMilliseconds)
            }
        switch answer {
        case .answered: return .answered(bytes: mtu)
        case .error(let number) where number == EMSGSIZE: return .reported(bytes: mtu)
        case .error, .none:
            var explainer = self
            explainer.request = longer
            explainer.recorder = nil
            explainer.waitSeconds = min(waitSeconds, 1)
            let walk = try? explainer.observe().group.exchanges.first { !$0.arrived || $0.reply == nil }?.request
            return .unanswered(bytes: mtu, walk)
        }
    }

    /// Of the device by which the packet left; nil where it never left the namespace.
    private func outgoingMTU(_ namespace: Namespace, _ walk: Walk) -> UInt32? {
        let out = walk.hops.first {
            $0.namespace == namespace.name && $0.vantage == .link && $0.direction == .out
        }
        guard let device = out?.device, let link = namespace[device: device], link.kind != .loopback else { return nil }
        return link.mtu
    }
}
