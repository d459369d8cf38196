internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A loopback address (127.0.0.0/8) on its way over another device than lo.
///
/// The kernel routes such a packet nowhere, and takes none, unless `route_localnet` is set for the device
/// (__mkroute_output, ip_route_input_slow): what is meant for a host itself can't come from its network. A DNAT rule
/// that sends on what was for 127.0.0.1, or that sends to it, needs the setting.
struct RouteLocalnet: Obstacle {
    let code: FindingCode = "route-localnet"
    let steps: Set<PathStep.Kind> = [.route, .source]
    /// NETFILTER_DROP where rules of `output` have sent it on and the lookup after them fails (nf_hook_slow).
    let reasons: Set<DropReason> = [
        "IP_LOCALNET", "NETFILTER_DROP", "IP_INVALID_SOURCE", "IP_INVALID_DEST", "IP_RPFILTER", "NOT_SPECIFIED",
    ]

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reason == .localnet
            ? "a loopback address (127.0.0.0/8) came in by another device than lo, and net.ipv4.conf.*.route_localnet is 0 there"
            : nil
    }

    /// A packet of IPv6 whose destination was translated to ::1.
    func candidate(_ stay: WalkReading.Stay, by device: String, rule: RuleReference?) -> Candidate {
        let name = stay.namespace.name
        let who = rule.map { "\($0.name) in \(name)" } ?? "a rule in \(name)"
        return candidate(
            at: Finding.Place(namespace: name, hook: .prerouting, device: device),
            "\(who) sends the packet to \(stay.exit.destination), and what came in by \(device) is not delivered to \(stay.exit.destination): IPv6 has no route_localnet; translate to an address of \(name) on another device than lo, at which the server listens",
            evidence: [
                .seen("\(stay.entry.destination) became \(stay.exit.destination) in \(name)")
            ] + (rule.map { [.state("\($0.name): \($0.text ?? "")")] } ?? []), rule: rule)
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .route(let step): sent(step, surroundings)
        case .source(let step): received(step, surroundings)
        default: []
        }
    }

    /// Sent from 127.0.0.1, and by a rule's translation to somebody else.
    private func sent(_ step: RouteStep, _ surroundings: Surroundings) -> [Judgement] {
        let (namespace, packet) = (step.namespace, step.packet)
        guard step.inDevice == nil, packet.destination.isIPv4, packet.source.isLoopback,
            !packet.destination.isLoopback, let device = step.choice.device, step.choice.kind == .unicast,
            let setting = Setting(namespace, device)
        else { return [] }
        if setting.isOn { return [.passed(setting.words)] }
        let translation = translation(in: namespace, surroundings)
        return stops(
            at: Finding.Place(namespace: namespace.name, hook: .output, device: device),
            "\(translation) the destination to \(packet.destination), but \(namespace.name) sends nothing from \(packet.source) by \(device): route_localnet is 0 there",
            evidence: [.state(setting.words)] + facts(in: namespace, surroundings),
            remedy: setting.remedy)
    }

    private func received(_ step: ReceiveStep, _ surroundings: Surroundings) -> [Judgement] {
        let (namespace, packet, device) = (step.namespace, step.packet, step.device)
        guard packet.destination.isIPv4, packet.source.isLoopback || packet.destination.isLoopback,
            namespace[device: device]?.kind != .loopback, let setting = Setting(namespace, device)
        else { return [] }
        if setting.isOn { return [.passed(setting.words)] }
        let name = namespace.name
        let place = Finding.Place(namespace: name, hook: .prerouting, device: device)
        if packet.source.isLoopback {
            // Who sends it is to translate it; nobody is to take it.
            return stops(
                at: place,
                "\(name) takes no packet with the source \(packet.source) on \(device): no source NAT translates it where it comes from",
                evidence: [.state(setting.words)])
        }
        let isReply = surroundings.inputs.requestPassed != nil
        let what =
            isReply
            ? "the reply comes back by \(device) for \(packet.destination)"
            : "\(translation(in: namespace, surroundings)) the destination to \(packet.destination)"
        return stops(
            at: place,
            "\(what), but \(name) takes no packet for a loopback address on \(device): route_localnet is 0 there",
            evidence: [.state(setting.words)] + facts(in: namespace, surroundings), remedy: setting.remedy)
    }

    // MARK: Words

    private func translation(in namespace: Namespace, _ surroundings: Surroundings) -> String {
        let rule = surroundings.translations.last { $0.namespace == namespace.name && !$0.isSource }?.rule
        return "\(rule?.name ?? "a DNAT rule") in \(namespace.name) translates"
    }

    private func facts(in namespace: Namespace, _ surroundings: Surroundings) -> [Fact] {
        surroundings.translations.filter { $0.namespace == namespace.name && !$0.isSource }.suffix(1).map {
            .state("\($0.rule.name): \($0.rule.text ?? "")")
        }
    }

    private struct Setting {
        var namespace: Namespace
        var device: String
        var isOn: Bool

        /// Nil where neither the device's value nor that of `all` was read.
        init?(_ namespace: Namespace, _ device: String) {
            guard let value = namespace.settings.routesLoopback(device: device) else { return nil }
            (self.namespace, self.device) = (namespace, device)
            isOn = value.isOn
        }

        var words: String {
            "net.ipv4.conf.\(device).route_localnet = \(isOn ? "1" : "0") in \(namespace.name)"
        }

        /// For the one device. It also lets in what others on that link send to 127.0.0.1, so far as no rule drops it.
        var remedy: Remedy {
            Remedy([.sysctl(namespace, "net.ipv4.conf.DEVICE.route_localnet", device: device, "1")])
        }
    }
}
