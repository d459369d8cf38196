internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Rules that end a packet: rule-drop, rule-reject, policy-drop, accept-not-final, network-isolation,
/// port-not-published, dnat-not-forwarded, bridge-netfilter, conntrack-invalid, service-without-endpoints.
extension Projection {
    /// Asks the rules of an IP hook. False where the packet can't go on.
    mutating func ask(_ hook: NetfilterHook, _ packet: inout PacketState, _ site: RuleSite, from: Int?) -> Bool {
        pass(site.namespace.name, hook)
        if packet.connection == nil { packet.connection = connectionState(packet, site.namespace) }
        let traversal = HookTraversal(
            site: site, hook: hook, families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"], from: from ?? .min)
        judge(traversal, &packet)
        return true
    }

    /// Runs a hook's rules and takes what they do to the packet; a drop becomes a candidate, and the way goes on
    /// behind it for what is next in line.
    mutating func judge(_ traversal: HookTraversal, _ packet: inout PacketState) {
        var result = traversal.run(packet)
        let before = packet
        if let ending = result.ending, ending.accepted.isEmpty, traversal.from > .min {
            // Chains that the packet is past may have accepted it, which then was not the last word.
            var whole = traversal
            whole.from = .min
            if let same = whole.run(packet).ending, same.rule == ending.rule { result.ending?.accepted = same.accepted }
        }
        packet = result.packet
        if let (rule, action) = result.translation {
            var reference = rule
            let isSource: Bool
            switch action {
            case .masquerade, .sourceTranslation: isSource = true
            default: isSource = false
            }
            reference.verdict = isSource ? "masquerade" : "dnat"
            translations.append((traversal.site.namespace.name, reference, isSource))
        }
        let place = "\(traversal.hook.rawValue) of \(traversal.site.namespace.name)"
        if let ending = result.ending {
            add(candidate(ending, traversal, before, doubts: result.doubts))
        }
        for ending in result.possible {
            var maybe = candidate(ending, traversal, before, doubts: result.doubts)
            maybe.isCertain = false
            add(maybe)
        }
        if result.ending == nil, result.possible.isEmpty, !traversal.baseChains().isEmpty {
            if result.doubts.isEmpty {
                check(false, "no rule of \(place) stops it")
            } else {
                check(nil, "a rule of \(place) may (not told: \(result.doubts.prefix(2).joined(separator: "; ")))")
            }
        }
    }

    /// The candidate for a rule or policy that ends the packet.
    func candidate(
        _ ending: HookResult.Ending, _ traversal: HookTraversal, _ packet: PacketState, doubts: [String]
    ) -> Candidate {
        let site = traversal.site
        let namespace = site.namespace
        let device = traversal.hook == .output || traversal.hook == .postrouting ? site.outDevice : site.inDevice
        let place = Finding.Place(
            namespace: namespace.name, hook: traversal.hook, device: traversal.device ?? device)
        var evidence: [Fact] = [.state("\(ending.rule.words) in \(namespace.name)")]
        let text = ending.comment.map { "\($0)" } ?? ""
        evidence += doubts.prefix(3).map { .state("not told: \($0)") }
        var finding = Finding(
            code: "rule-drop", severity: .error, where: place, message: "", evidence: evidence, rule: ending.rule,
            path: ending.path, unmatched: ending.unmatched)
        let what = "\(packet.source) > \(packet.destination)"
        switch ending.kind {
        case .policy:
            finding.code = "policy-drop"
            finding.message =
                "the policy of \(ending.rule.chainWords) in \(namespace.name) drops \(what): no rule before it accepts it"
        case .drop:
            finding.message = "\(ending.rule.words) in \(namespace.name) drops \(what): \(ending.rule.text ?? "")"
        case .reject(let with):
            finding.code = "rule-reject"
            finding.message =
                "\(ending.rule.words) in \(namespace.name) rejects \(what) with \(with): \(ending.rule.text ?? "")"
        }
        finding.remedy = Remedy(
            AcceptRemedy.actions(traversal: traversal, ending: ending, packet: packet))
        specialise(&finding, ending, traversal, packet, comment: text)
        var reasons: Set = ["NETFILTER_DROP", "NETFILTER_REJECT", "DEV_READY"]
        // Where programs of tc stand, too: only there can one be taken for the other.
        if ending.rule.family == "netdev" { reasons.formUnion(["TC_INGRESS", "TC_EGRESS"]) }
        return Candidate(finding: finding, isCertain: doubts.isEmpty, reasons: reasons)
    }

    /// A name for what the rule is there for, where that is known.
    private func specialise(
        _ finding: inout Finding, _ ending: HookResult.Ending, _ traversal: HookTraversal, _ packet: PacketState,
        comment: String
    ) {
        let site = traversal.site
        let namespace = site.namespace
        let text = (ending.rule.text ?? "") + " " + comment
        if let name = serviceWithoutEndpoints(ending, text, packet, namespace) {
            finding.code = "service-without-endpoints"
            finding.message =
                "the service \(name) (\(packet.destination)) has no endpoints: kube-proxy rejects what is sent to it in \(namespace.name)"
            finding.remedy = nil
            return
        }
        if let accepted = ending.accepted.last {
            finding.code = "accept-not-final"
            finding.message =
                "\(accepted.words) accepted \(packet.source) > \(packet.destination), but that ends only its own chain: \(ending.rule.words) at the same hook in \(namespace.name) then drops it"
            finding.evidence.append(.state("accepted before by \(accepted.words): \(accepted.text ?? "")"))
            return
        }
        if site.physicalOutDevice != nil, ["ip", "ip6", "inet"].contains(ending.rule.family) {
            let key =
                packet.source.isIPv4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables"
            finding.code = "bridge-netfilter"
            finding.message =
                "\(ending.rule.words) in \(namespace.name) drops \(packet.source) > \(packet.destination) though \(site.inDevice ?? "the bridge") only bridges it: \(key) = 1 hands bridged packets to the IP rules"
            finding.evidence.append(.state("\(key) = 1 in \(namespace.name)"))
            return
        }
        if packet.connection == .invalid, text.lowercased().contains("invalid") {
            finding.code = "conntrack-invalid"
            let seen =
                requestPassed?.contains(namespace.name) == false
                ? "it answers a packet that never came by here" : "it fits no connection that is known here"
            finding.message =
                "\(ending.rule.words) in \(namespace.name) drops \(packet.source) > \(packet.destination) as invalid: \(seen), so conntrack can't place it"
            return
        }
        let isDocker =
            (ending.path.map(\.chain) + [ending.rule.chain]).contains { $0.hasPrefix("DOCKER") }
            || ending.rule.table.hasPrefix("docker")
            || namespace.netfilter.chains.contains { $0.name == "DOCKER-USER" || $0.name == "DOCKER" }
        if isDocker, let way = dockerWords(site, packet) {
            finding.code = way.code
            finding.message = "\(way.message); stopped by \(ending.rule.words): \(ending.rule.text ?? "policy drop")"
            finding.evidence += way.evidence
            if way.code == "network-isolation", let action = way.action {
                finding.remedy = Remedy([action])
            }
            return
        }
        if traversal.hook == .forward, packet.isDestinationTranslated == true {
            finding.code = "dnat-not-forwarded"
            let translation = translations.last { $0.namespace == namespace.name && !$0.isSource }
            let rule = translation?.rule
            finding.message =
                "\(rule?.words ?? "a DNAT rule") translates the destination to \(packet.destination), but \(ending.rule.words) in \(namespace.name) does not let it be forwarded"
            finding.evidence.append(
                .state("\(rule.map { "\($0.words): \($0.text ?? "")" } ?? "translated destination")"))
        }
    }

    /// The service of kube-proxy's REJECT: named in the rule's comment by its iptables mode, in the comment of an element
    /// of the map that leads to its `reject-chain` by its nftables mode. Nil for any other rule.
    private func serviceWithoutEndpoints(
        _ ending: HookResult.Ending, _ text: String, _ packet: PacketState, _ namespace: Namespace
    ) -> String? {
        guard case .reject = ending.kind else { return nil }
        if text.contains("has no endpoints") {
            let words = text.split { $0 == " " || $0 == "\"" }
            let position = words.indices.first { words[$0...].prefix(3).elementsEqual(["has", "no", "endpoints"]) }
            return position.flatMap { $0 > 0 ? String(words[$0 - 1]) : nil } ?? "the service"
        }
        guard ending.rule.table == "kube-proxy",
            ending.path.contains(where: { ($0.text ?? "").contains("@no-endpoint-") })
        else { return nil }
        let wanted = packet.destination.description
        for set in namespace.netfilter.sets where set.table == "kube-proxy" && set.name.hasPrefix("no-endpoint-") {
            for entry in JSONValue(parsing: set.elements)?.array ?? [] {
                let element = entry.array?.first?["elem"]
                guard let parts = element?["val"]?["concat"]?.array, parts.first?.text == wanted,
                    parts.last?.number == packet.destinationPort.map(Int64.init)
                else { continue }
                if let name = element?["comment"]?.text { return name }
            }
        }
        return "the service"
    }

    /// What Docker's rules mean by a drop between these devices.
    private func dockerWords(
        _ site: RuleSite, _ packet: PacketState
    ) -> (code: FindingCode, message: String, evidence: [Fact], action: RemedyAction?)? {
        let namespace = site.namespace
        guard let out = namespace.dockerBridge(holding: packet.destination) else { return nil }
        let outDevice = site.outDevice ?? out.name
        guard outDevice == out.name else { return nil }
        if let inDevice = site.inDevice, inDevice != out.name, namespace.isDockerBridge(inDevice) {
            let container = topology.namespaces.first { $0.name != namespace.name && $0.holds(packet.source) }
            let network =
                out.name == "docker0" ? "bridge" : out.name.hasPrefix("br-") ? String(out.name.dropFirst(3)) : nil
            let action = container.flatMap { container in
                network.map {
                    RemedyAction(
                        in: nil, .run("docker network connect \($0) \(container.containers.first ?? container.name)"))
                }
            }
            return (
                "network-isolation",
                "Docker's isolation keeps its networks apart: \(packet.source) on \(inDevice) may not reach \(packet.destination) on \(out.name)",
                [], action
            )
        }
        guard site.inDevice != out.name, packet.isDestinationTranslated != true else { return nil }
        let published = namespace.publishedPorts
        return (
            "port-not-published",
            "\(packet.destination) is a container's address: from outside Docker lets in only what is published and translated, and no DNAT rule met this packet",
            [.state("published: \(published.isEmpty ? "nothing" : published.joined(separator: ", "))")], nil
        )
    }
}

extension RuleReference {
    /// `iptables filter FORWARD 3`, `nft inet filter forward handle 7`.
    var words: String {
        var parts = [backendWord]
        if backend == "nft" || family != "ip" { parts.append(family) }
        parts += [table, chain]
        if let position {
            parts.append(String(position))
        } else if let handle {
            parts.append("handle \(handle)")
        }
        return parts.joined(separator: " ")
    }

    var chainWords: String {
        var copy = self
        copy.position = nil
        copy.handle = nil
        return copy.words
    }

    private var backendWord: String {
        switch backend {
        case "nft": "nft"
        case "iptables-legacy": family == "ip6" ? "ip6tables-legacy" : "iptables-legacy"
        default: family == "ip6" ? "ip6tables" : "iptables"
        }
    }
}

extension Namespace {
    func isDockerBridge(_ device: String) -> Bool {
        guard self[device: device]?.kind == "bridge" else { return false }
        let names = [
            "DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2",
        ]
        return device == "docker0" || device.hasPrefix("br-")
            || netfilter.chains.contains { chain in
                (names.contains(chain.name) || chain.table.hasPrefix("docker-bridges"))
                    && (chain.name.hasSuffix("__\(device)") || chain.rules.contains { $0.text.contains(" \(device) ") })
            }
    }

    /// The Docker bridge whose network holds an address.
    func dockerBridge(holding address: IPAddress) -> Link? {
        links.first { link in
            link.kind == "bridge" && isDockerBridge(link.name) && link.addresses.contains { $0.contains(address) }
        }
    }

    /// What DNAT rules of this namespace publish, as text.
    var publishedPorts: [String] {
        netfilter.nat.filter { $0.kind == "dnat" || $0.kind == "redirect" }.map { rule in
            [rule.match, rule.to.map { "⇒ \($0)" }].compactMap { $0 }.joined(separator: " ")
        }
    }
}
