internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A rule gives packets to a socket of the machine itself (TPROXY, nft `tproxy`), and no socket that may take them listens
/// on its port. iptables drops them; with nft they go on without the proxy, to what they were to be kept from.
struct ProxyNotListening: Obstacle {
    let code: FindingCode = "proxy-not-listening"
    let steps: Set<PathStep.Kind> = [.forwarding]
    let reasons: Set<DropReason> = ForwardingDisabled.dropReasons

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        var finding = base
        if case .proxy(let proxy) = rule.ending.kind {
            let words = Self.words(rule.rule, proxy, rule.packet, rule.namespace)
            finding.message = "\(words.gives), and \(words.absence): the packet is dropped"
            finding.evidence.append(words.fact)
            return finding
        }
        guard let passed = surroundings.unserved(rule.packet, in: rule.namespace, by: rule.site.inDevice) else {
            return nil
        }
        let words = Self.words(passed.rule, passed.proxy, rule.packet, rule.namespace)
        finding.message =
            "\(words.gives), and \(words.absence); so the packet goes on without, and \(rule.rule.words) ends it"
        finding.evidence.append(contentsOf: [words.fact, .state("\(passed.rule.name): \(passed.rule.text ?? "")")])
        // The rule that ends it may be there to let nothing past the proxy.
        finding.remedy = nil
        return finding
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .forwarding(let step) = step, step.forwardingSetting?.isOn == false,
            let passed = surroundings.unserved(step.packet, in: step.namespace, by: step.device)
        else { return [] }
        let words = Self.words(passed.rule, passed.proxy, step.packet, step.namespace)
        let found = candidate(
            at: Finding.Place(namespace: step.namespace.name, hook: .prerouting, device: step.device),
            "\(words.gives), and \(words.absence); so the packet goes on without, and \(step.namespace.name) does not forward",
            evidence: [words.fact, .state("\(passed.rule.name): \(passed.rule.text ?? "")")], rule: passed.rule)
        return [.candidate(found.with(.followsRule))]
    }

    // MARK: Words

    private static func words(
        _ rule: RuleReference, _ proxy: TransparentProxy, _ packet: PacketState, _ namespace: Namespace
    ) -> (gives: String, absence: String, fact: Fact) {
        let port = proxy.port ?? packet.destinationPort ?? 0
        let name = TransportProtocol(packet.ipProtocol)
        let subject = "\(packet.isReply ? "the reply " : "")\(packet.source) > \(packet.destination)"
        let gives =
            "\(rule.name) in \(namespace.name) gives \(subject) to a proxy on \(name) port \(port) (\(proxy.dropsWithoutSocket ? "TPROXY" : "tproxy"))"
        // What listens there is not for such packets.
        if let listener = proxy.listeners(for: packet, namespace).first {
            return (
                gives, "\(listener.words) listens there without IP_TRANSPARENT, so it is given none",
                .state("\(listener.words) in \(namespace.name): IP_TRANSPARENT is not set")
            )
        }
        let others = namespace.listeners.filter { $0.protocol == name }.map(\.words)
        return (
            gives, "nothing there listens on that port",
            .state(
                "no \(name) socket on port \(port) in \(namespace.name); listening: \(others.isEmpty ? "none" : others.prefix(6).joined(separator: ", "))"
            )
        )
    }
}

extension Surroundings {
    /// The rule that would have given the packet to a proxy which is not there.
    ///
    /// - Parameter device: by which it came into the namespace, where a walk may have begun past the rule.
    fileprivate func unserved(
        _ packet: PacketState, in namespace: Namespace, by device: String?
    ) -> HookResult.Proxying? {
        guard namespace.netfilter.compiled.givesToSockets, !packet.isReply, packet.isDestinationTranslated != true
        else { return nil }
        if let last = proxyings.last(where: { $0.namespace == namespace.name }) {
            return last.proxying.isServed ? nil : last.proxying
        }
        guard let device else { return nil }
        let found = HookTraversal(
            site: RuleSite(namespace: namespace, inDevice: device), hook: .prerouting,
            families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        ).run(packet).proxying
        return found?.isServed == false ? found : nil
    }
}
