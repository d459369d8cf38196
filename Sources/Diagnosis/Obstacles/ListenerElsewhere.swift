internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A server listens on the port, but on another address than the packet is for: often on 127.0.0.1 alone; or for IPv6
/// alone, for what comes in by another device, or from another sender, to which its socket is connected.
struct ListenerElsewhere: Obstacle {
    let code: FindingCode = "listener-elsewhere"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set<DropReason> = ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.explainsSilence, .concernsDatagram]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.isUnserved(surroundings), let other = step.listenersElsewhere.first
        else { return [] }
        let name = step.namespace.name
        return stops(
            at: Finding.Place(namespace: name, hook: .input),
            "the packet arrived in \(name), but \(Self.words(other, step))",
            evidence: [.state("\(other.words) in \(name)")])
    }

    /// What the socket takes instead, and what to change.
    private static func words(_ other: Listener, _ step: SocketStep) -> String {
        let (server, destination) = (other.process ?? "the server", step.packet.destination)
        if let peer = other.peer, !step.isFromPeer(of: other) {
            let sender = step.packet.source.text(port: step.packet.sourcePort ?? 0)
            return
                "the socket of \(server) on udp port \(other.port) is connected to \(peer.address.text(port: peer.port)) (connect(2)) and takes datagrams from there only, not from \(sender): what comes from elsewhere gets port unreachable"
        }
        if !step.isOnDevice(of: other), other.takes(destination) {
            return
                "it came in by \(step.device), while \(server) listens on port \(other.port) bound to \(other.device ?? "another device") only (SO_BINDTODEVICE): bind it to no device, or to \(step.device)"
        }
        if other.isIPv6Only == true, destination.isIPv4, other.address.isUnspecified {
            return
                "\(server) listens on [\(other.address)]:\(other.port) for IPv6 only (IPV6_V6ONLY): turn that option off, or listen on 0.0.0.0 too"
        }
        if server == "docker-proxy" {
            return
                "Docker publishes port \(other.port) on \(other.address) only (docker-proxy), not on \(destination): publish it without that address (docker run -p \(other.port):…)"
        }
        return
            "\(server) listens on \(other.address) only, not on \(destination): bind it to \(destination.isIPv4 ? "0.0.0.0" : "::")"
    }
}
