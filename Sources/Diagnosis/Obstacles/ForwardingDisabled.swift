internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// IP forwarding is off where the packet should be forwarded.
struct ForwardingDisabled: Obstacle {
    let code: FindingCode = "forwarding-disabled"
    let steps: Set<PathStep.Kind> = [.forwarding]
    let reasons: Set<DropReason> = Self.dropReasons

    static let dropReasons: Set<DropReason> = [
        "IP_INADDRERRORS", "IP_INNOROUTES", "IP_FORWARDING_DISABLED", "IPV6DISABLED", "NOT_SPECIFIED",
    ]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .forwarding(let step) = step else { return [] }
        let (namespace, device, destination) = (step.namespace, step.device, step.packet.destination)
        // What is for all on a link nobody forwards (ip_forward).
        if step.packet.macDestination?.isGroup == true { return [] }
        guard let setting = step.forwardingSetting else {
            return [.unknown("forwarding in \(namespace.name): its setting could not be read")]
        }
        if setting.isOn { return [.passed("\(setting.key) = 1 in \(namespace.name)")] }
        if WrongGateway.choice(at: step, surroundings) != nil || TooLongPrefix(step, surroundings) != nil { return [] }
        // A frame that should not have come here is no reason to make a router of the machine.
        if surroundings.misdirection(to: step) != nil { return [] }
        if case .elsewhere = surroundings.aim(of: step) { return [] }
        // It is for this machine, which only does not recognise it.
        if namespace.holds(destination) { return [] }
        let isAllOff = destination.isIPv4 && namespace.settings.forwarding(device: nil, .ipv4)?.isOn != true
        let action: RemedyAction =
            if !destination.isIPv4 {
                .sysctl(namespace, "net.ipv6.conf.all.forwarding", "1")
            } else if isAllOff {
                .sysctl(namespace, "net.ipv4.ip_forward", "1")
            } else {
                .sysctl(namespace, "net.ipv4.conf.DEVICE.forwarding", device: device, "1")
            }
        // Where it has no way on, forwarding would not help: it is no router, and the packet should not have come.
        if let why = step.noWayOn(surroundings) {
            return stops(
                at: Finding.Place(namespace: namespace.name, device: device),
                "\(namespace.name) is no router for \(destination): the packet came to it by \(device), \(isAllOff ? "net.ipv4.ip_forward" : setting.key) = 0, and \(why)",
                evidence: [
                    .state("\(setting.key) = 0 in \(namespace.name)"), Fact(step.choice.evidence, step.choice.text),
                ])
        }
        return stops(
            at: Finding.Place(namespace: namespace.name, device: device),
            "IP forwarding is disabled in \(namespace.name) for packets arriving on \(device): \(isAllOff ? "net.ipv4.ip_forward" : setting.key) = 0, and \(destination) is not its own address",
            evidence: [.state("\(setting.key) = 0 in \(namespace.name)")], remedy: Remedy([action]))
    }
}

extension ReceiveStep {
    /// Why a namespace could not send the packet on if it did forward; nil where it could.
    fileprivate func noWayOn(_ surroundings: Surroundings) -> String? {
        switch choice.kind {
        case nil where surroundings.gateways(for: packet, namespace, thatForward: false).isEmpty:
            "it has no route to \(packet.destination)"
        case .unicast? where choice.device == device && choice.gateway != nil && !choice.isKernelAnswer:
            "its route leads back by \(device) (\(choice.text))"
        default: nil
        }
    }

    var forwardingSetting: Settings.Value? {
        namespace.settings.forwarding(device: device, packet.destination.family)
    }
}
