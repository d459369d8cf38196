internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The kernel is told not to answer pings.
struct EchoIgnored: Obstacle {
    let code: FindingCode = "echo-ignored"
    let steps: Set<PathStep.Kind> = [.socket]
    let traits: ObstacleTraits = [.explainsSilence, .isSilent]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.packet.isEchoRequest else { return [] }
        let name = step.namespace.name
        guard let setting = step.namespace.settings.ignoresEcho(step.packet.destination.family), setting.isOn else {
            return []
        }
        let key = setting.key
        return stops(
            at: Finding.Place(namespace: name), "\(name) ignores echo requests: \(key) = 1",
            evidence: [.state("\(key) = 1 in \(name)")], remedy: Remedy([.sysctl(step.namespace, key, "0")]))
    }

    /// A note where all that can be seen on the link ignore what is sent to all of them, as hosts do by default.
    func byAll(_ packet: PacketState, _ target: GroupTarget, _ topology: Topology) -> Finding? {
        let names = target.receivers.map(\.namespace).filter { name in
            topology[namespace: name]?.holdsIPv4 == true
        }
        let key = "net.ipv4.icmp_echo_ignore_broadcasts"
        guard packet.destination.isIPv4, !names.isEmpty, !target.hasOutside,
            names.allSatisfy({ topology[namespace: $0]?.settings.ignoresBroadcastEcho?.isOn == true })
        else { return nil }
        let listed = names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", …" : "")
        return Finding(
            code: code, severity: .info,
            where: Finding.Place(namespace: target.sender.name, device: target.device?.name),
            message:
                "nobody on \(target.link) replies to an echo request that is sent to all: \(key) = 1 in \(listed), the kernel's default",
            evidence: names.prefix(6).map { .state("\(key) = 1 in \($0)") })
    }
}

extension Namespace {
    fileprivate var holdsIPv4: Bool {
        links.contains { $0.kind != .loopback && $0.addresses.contains { $0.address.isIPv4 } }
    }
}
