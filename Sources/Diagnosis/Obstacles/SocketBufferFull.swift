internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The receive buffer of a UDP socket has no room: the program does not read fast enough.
struct SocketBufferFull: Obstacle {
    let code: FindingCode = "socket-buffer-full"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set<DropReason> = ["SOCKET_RCVBUFF", "PROTO_MEM", "SOCKET_BACKLOG"]
    let traits: ObstacleTraits = [.isSilent, .dropsAtSocket, .concernsDatagram]

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reason == .receiveBuffer ? "the socket's receive buffer is full" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, let listener = step.fullSocket(surroundings),
            listener.protocol == .udp
        else { return [] }
        let name = step.namespace.name
        let queued = "\(listener.receiveQueue)\(listener.receiveBufferBytes.map { " of \($0)" } ?? "") bytes"
        return stops(
            at: Finding.Place(namespace: name, hook: .input),
            "the packet arrived in \(name), but the receive buffer of \(listener.words) is full: \(queued) queued, \(listener.drops) datagrams dropped; \(listener.isStopped == true ? "its process is stopped (SIGSTOP)" : "the program does not read fast enough")",
            evidence: [.state("\(queued) queued, \(listener.drops) drops at \(listener.words) in \(name)")])
    }
}
