internal import Network
internal import Probes
internal import Twin
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// Each rule that may keep the packet from its way, taken away. A rule that only accepts or counts keeps nobody.
    func rules(_ namespace: Namespace) -> [Candidate] {
        namespace.netfilter.chains.filter(concerns).flatMap { chain -> [Candidate] in
            let key = SlicedSnapshot.Chain(
                namespace: namespace.name, family: chain.family, table: chain.table, name: chain.name)
            let met = metRules[key].map { Set($0) }
            return chain.rules.compactMap { rule in
                guard met?.contains(rule.position) ?? true, let code = code(of: rule, in: chain) else { return nil }
                return removal(of: rule, in: chain, namespace, code: code)
            }
        }
    }

    /// Whether the packet may meet a chain, or an outer packet that carries it.
    func concerns(_ chain: RuleChain) -> Bool {
        if chain.table.hasPrefix("packetwalk") { return false }
        switch chain.family {
        case .ip: return family == .ipv4 || carriers.contains(.ipv4)
        case .ip6: return family == .ipv6 || carriers.contains(.ipv6)
        default: return true
        }
    }

    /// What a rule that does not accept is the cause of; nil where taking it away opens nothing.
    private func code(of rule: Rule, in chain: RuleChain) -> FindingCode? {
        let words = rule.verdictWords
        func has(_ any: String...) -> Bool { any.contains(where: words.contains) }
        if has("notrack") { return "connection-untracked" }
        if has("zone", "zone-orig", "zone-reply") { return "conntrack-zones" }
        if has("reject", "tarpit") { return "rule-reject" }
        if has("drop") { return "rule-drop" }
        if has("queue", "nfqueue") { return "queue-without-program" }
        if has("snat", "masquerade", "netmap") { return "source-nat-mismatch" }
        if has("dnat", "redirect") { return isStale(rule) ? "stale-forward" : "dnat-not-forwarded" }
        if has("tproxy") { return "proxy-not-routed" }
        if has("mark", "connmark") { return "routed-elsewhere" }
        if has("ttl", "hl", "hoplimit") { return "ttl-expired" }
        if has("tcpmss", "maxseg") { return "mtu-exceeded" }
        if has("fwd") { return "redirected" }
        if has("dup", "tee") { return "rule-drop" }
        if has("return", "goto", "jump", "g", "synproxy", "ct", "limit") { return "rule-drop" }
        // iptables names the chain that it jumps to and nothing else.
        if chain.backend.isIPTables, has("j"), !has("accept", "log", "nflog") { return "rule-drop" }
        return nil
    }

    /// Whether it sends packets to an address that nobody has.
    private func isStale(_ rule: Rule) -> Bool {
        let words = rule.text.split(separator: " ")
        return zip(words, words.dropFirst()).contains { option, target in
            guard option == "--to-destination" || option == "to",
                let address = IPAddress(target.split(separator: ":").first.map { String($0) } ?? "")
            else { return false }
            return !topology.namespaces.contains { $0.holds(address) }
        }
    }

    private func removal(
        of rule: Rule, in chain: RuleChain, _ namespace: Namespace, code: FindingCode
    ) -> Candidate {
        let reference = RuleReference(
            family: chain.family, table: chain.table, chain: chain.name, position: rule.position,
            handle: rule.handle, verdict: verdict(code), text: rule.text, backend: chain.backend)
        var actions: [RemedyAction]
        var trial: [RemedyAction]?
        if chain.backend == .nft {
            let path: CommandWords = "\(chain.family) \(chain.table) \(chain.name)"
            actions = [.nft(namespace, "delete rule \(words: path) handle \(rule.handle ?? 0)")]
            trial = [
                .run(namespace, CommandWords(["sh", "-c", Self.nftCommand("delete rule", chain, at: rule.position)]))
            ]
        } else {
            actions = [
                .run(
                    namespace,
                    "\(Self.tool(chain)) -t \(chain.table) -D \(chain.name) \(rule.position)")
            ]
        }
        // What leads packets on, or marks them, others may need: such a rule is not taken away among others.
        let isEnd = rule.verdictWords.contains { Rule.endings.contains($0) }
        return Candidate(
            isEnd ? .rule : .turn, actions,
            condition: "\(reference.name(withHandle: false)) taken away in \(namespace.name)",
            code: code, place: place(namespace, hook: chain.hook ?? Self.hook(leadingTo: chain, in: namespace)),
            rule: reference, breadth: .rule,
            object:
                "\(namespace.name) \(chain.backend.rawValue) \(chain.family) \(chain.table) \(chain.name) \(rule.position)",
            trialActions: trial)
    }

    private func verdict(_ code: FindingCode) -> Verdict? {
        switch code {
        case "rule-reject": .reject
        case "rule-drop": .drop
        case "queue-without-program": .queue
        default: nil
        }
    }

    /// A chain that is jumped to runs at the hook of the chain that jumps there.
    private static func hook(leadingTo chain: RuleChain, in namespace: Namespace) -> NetfilterHook? {
        var wanted: Set<String> = [chain.name]
        for _ in 0..<16 {
            let callers = namespace.netfilter.chains.filter { other in
                other.table == chain.table && other.family == chain.family && other.backend == chain.backend
                    && other.rules.contains { rule in
                        rule.text.split(separator: " ").contains { wanted.contains(String($0)) }
                    }
            }
            if let hook = callers.lazy.compactMap(\.hook).first { return hook }
            let names = Set(callers.map(\.name))
            if names.isSubset(of: wanted) { return nil }
            wanted.formUnion(names)
        }
        return nil
    }

    static func tool(_ chain: RuleChain) -> String {
        (chain.family == .ip6 ? "ip6tables" : "iptables") + (chain.backend == .iptablesLegacy ? "-legacy" : "")
    }

    /// An nft command on the rule at a position, from 1: its handle in a rebuilt table is another one.
    static func nftCommand(_ verb: String, _ chain: RuleChain, at position: Int, _ rest: String = "") -> String {
        let path = [chain.family.rawValue, shellWord(chain.table), shellWord(chain.name)].joined(separator: " ")
        let handle =
            "nft -a list chain \(path) | sed -n '/{ # handle/d; s/.* # handle \\([0-9]*\\)$/\\1/p' | sed -n \(position)p"
        return "nft \(verb) \(path) handle $(\(handle))\(rest.isEmpty ? "" : " \(rest)")"
    }

    /// Each chain whose policy drops, accepting instead.
    func policies(_ namespace: Namespace) -> [Candidate] {
        namespace.netfilter.chains.filter { concerns($0) && $0.policy == .drop }.map { chain in
            let isNft = chain.backend == .nft
            let reference = RuleReference(
                family: chain.family, table: chain.table, chain: chain.name, verdict: "policy drop",
                backend: chain.backend)
            return Candidate(
                .rule,
                [
                    isNft
                        ? .nft(
                            namespace,
                            "chain \(chain.family) \(chain.table) \(chain.name) \("{ policy accept; }")")
                        : .run(namespace, "\(Self.tool(chain)) -t \(chain.table) -P \(chain.name) ACCEPT")
                ], condition: "the policy of \(chain.table) \(chain.name) accept in \(namespace.name)",
                code: "policy-drop", place: place(namespace, hook: chain.hook), rule: reference, breadth: .policy,
                object:
                    "\(namespace.name) \(chain.backend.rawValue) \(chain.family) \(chain.table) \(chain.name) policy")
        }
    }

    /// Masquerading by each device of what comes through, and each listener of another namespace as target.
    func translations(_ namespace: Namespace) -> [Candidate] {
        let tool = isIPv4 ? "iptables" : "ip6tables"
        var result: [Candidate] = []
        for link in namespace.links where !link.isLoopback && link.master == nil {
            guard link.addresses.contains(where: { $0.address.family == family && !$0.address.isOfOneLink }) else {
                continue
            }
            result.append(
                Candidate(
                    .translation,
                    [.run(namespace, "\(tool) -t nat -I POSTROUTING -o \(link.name) -j MASQUERADE")],
                    condition: "masquerading by \(link.name) in \(namespace.name)", code: "no-source-nat",
                    place: place(namespace, device: link.name, hook: .postrouting), breadth: .rule,
                    object: "\(namespace.name) masquerade \(link.name)"))
        }
        // A service's address is nobody's: its translation may stand wherever the packet passes.
        let isHeld = topology.namespaces.contains { $0.holds(request.destination) }
        // An address of a network on a link is a host's, or a broadcast.
        let isOnLink = topology.namespaces.flatMap(\.links).flatMap(\.addresses).contains {
            $0.contains(request.destination)
        }
        guard request.kind != .echo, namespace.holds(request.destination) || !isHeld && !isOnLink else { return result }
        let word = request.ipProtocol == .tcp ? "tcp" : "udp"
        let isMoved = namespace.netfilter.chains.flatMap(\.rules).contains(where: isStale)
        for other in topology.namespaces where other.name != namespace.name {
            for listener in other.listeners where listener.isOn(request.ipProtocol, port: listener.port) {
                for address in reachable(listener, in: other) {
                    let target = isIPv4 ? "\(address):\(listener.port)" : "[\(address)]:\(listener.port)"
                    let hook = namespace.name == from ? "OUTPUT" : "PREROUTING"
                    result.append(
                        Candidate(
                            .translation,
                            [
                                .run(
                                    namespace,
                                    "\(tool) -t nat -I \(hook) -d \(request.destination) -p \(word) --dport \(request.destinationPort) -j DNAT --to-destination \(target)"
                                )
                            ],
                            condition:
                                isHeld
                                ? "port \(request.destinationPort) of \(namespace.name) published for \(target) in \(other.name)"
                                : "\(request.destination):\(request.destinationPort) translated to \(target) of \(other.name) in \(namespace.name)",
                            code: !isHeld
                                ? "service-without-endpoints" : isMoved ? "stale-forward" : "port-not-published",
                            place: place(namespace), breadth: .flow,
                            object: "\(namespace.name) publish"))
                }
            }
        }
        return result
    }

    private func reachable(_ listener: Listener, in namespace: Namespace) -> [IPAddress] {
        if listener.address.isLoopback { return [] }
        if listener.address.family == family, !listener.address.isUnspecified { return [listener.address] }
        return namespace.links.flatMap(\.addresses).map(\.address).filter {
            $0.family == family && !$0.isOfOneLink && !$0.isLoopback
        }
    }
}

extension Rule {
    fileprivate static let endings: Set<String> = [
        "drop", "reject", "tarpit", "queue", "nfqueue", "notrack", "zone", "zone-orig", "zone-reply",
    ]

    /// Whether it may be the end of a packet.
    var endsPackets: Bool { !verdictWords.isDisjoint(with: Self.endings) }

    /// The words of its text, in lower case.
    fileprivate var verdictWords: Set<String> {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        return Set(words.map { String($0.lowercased().drop { $0 == "-" }) })
    }
}
