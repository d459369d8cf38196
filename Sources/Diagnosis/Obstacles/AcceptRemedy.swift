internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Rules that let through just this flow, before the rule that ends it.
///
/// A dropping rule is not deleted, though that is shorter: what else it keeps out would then come in. The accept
/// names the devices, both addresses, the protocol and the destination's port; where the hook would drop the reply
/// as well, a second rule accepts the path back of established connections.
///
/// A dropped reply gets the rule for replies alone: its own port belongs to one connection, which will never be again,
/// and replies to whatever was let out are what the rules lack.
enum AcceptRemedy {
    static func actions(traversal: HookTraversal, ending: HookResult.Ending, packet: PacketState) -> [RemedyAction] {
        // Where fragments come by, nothing asks conntrack so far.
        if packet.isReply || packet.connection == .related, packet.fragment == nil,
            canAskConntrack(ending.chain), !traversal.hook.isOfDevice
        {
            return [acceptReplies(traversal, ending, packet)]
        }
        if packet.isNeighbourDiscovery, !ending.chain.family.isBelowIP,
            let device = traversal.site.inDevice ?? traversal.site.outDevice
        {
            return neighbourDiscovery(traversal, ending, device)
        }
        let answer = packet.answer
        var back = traversal
        back.site.inDevice = traversal.site.outDevice
        back.site.outDevice = traversal.site.inDevice
        back.site.physicalInDevice = traversal.site.physicalOutDevice
        back.site.physicalOutDevice = traversal.site.physicalInDevice
        // The reply at a hook that sees both directions.
        let needsBack =
            traversal.hook == .forward && packet.connection != .established && back.run(answer).ending != nil
        // A reply's own port is that of one connection: without conntrack the server's is what tells it.
        let port: RuleField.End = packet.isReply ? .source : .destination
        var actions = [accept(packet, traversal.site, traversal, ending, isAnswer: false, port: port, offset: 0)]
        if needsBack { actions.append(accept(answer, back.site, traversal, ending, isAnswer: true, offset: 1)) }
        if let later = laterFragments(of: packet, ending, traversal.site) {
            actions.append(
                accept(later, traversal.site, traversal, ending, isAnswer: false, offset: actions.count))
        }
        return actions
    }

    /// The later fragments of a datagram whose first one a rule ends, where it ends those as well.
    private static func laterFragments(
        of packet: PacketState, _ ending: HookResult.Ending, _ site: RuleSite
    ) -> PacketState? {
        guard packet.fragment == .first else { return nil }
        var later = packet
        later.fragment = .later
        let rule = site.namespace.netfilter.compiled.rule(ending.rule)
        let passes = rule?.matches.contains { $0.evaluate(later, at: site) == .fails } ?? (ending.kind != .policy)
        return passes ? nil : later
    }

    /// Bridge and netdev chains run where conntrack has not seen the packet.
    private static func canAskConntrack(_ chain: RuleChain) -> Bool {
        ![.netdev, .bridge, .arp].contains(chain.family) && chain.table != "raw"
    }

    /// Whether the rule that ends a reply ends what the client sends after it too.
    private static func endsClient(
        _ traversal: HookTraversal, _ ending: HookResult.Ending, _ packet: PacketState
    ) -> Bool {
        guard packet.ipProtocol == .tcp else { return false }
        var site = traversal.site
        swap(&site.inDevice, &site.outDevice)
        swap(&site.physicalInDevice, &site.physicalOutDevice)
        var back = traversal
        back.site = site
        var next = packet.answer
        next.tcpFlags = 16
        next.connection = .established
        next.connectionMark = packet.connectionMark
        // Its mark may not be known.
        let result = back.run(next)
        return ([result.ending].compactMap(\.self) + result.possible).contains { $0.rule.isSame(as: ending.rule) }
    }

    /// Replies, and errors about what was sent, to whatever connections the devices of the ending carry.
    private static func acceptReplies(
        _ traversal: HookTraversal, _ ending: HookResult.Ending, _ packet: PacketState
    ) -> RemedyAction {
        let namespace = traversal.site.namespace
        var site = traversal.site
        // What the connection's client sends next may meet the same rule: then both directions are let through.
        if traversal.hook == .forward, endsClient(traversal, ending, packet) {
            (site.inDevice, site.outDevice) = (nil, nil)
        }
        let hook = traversal.hook
        if ending.chain.backend == .nft {
            var words = nftPlace(ending)
            if hook.knowsInDevice, let device = site.inDevice { words += "iifname \(device)" }
            if hook.knowsOutDevice, let device = site.outDevice { words += "oifname \(device)" }
            return .nft(namespace, words + "ct state established,related accept")
        }
        var words: CommandWords = ""
        if hook.knowsInDevice, let device = site.inDevice { words += "-i \(device)" }
        if hook.knowsOutDevice, let device = site.outDevice { words += "-o \(device)" }
        let isUser = usesDockerUser(traversal, ending)
        return .iptables(
            namespace,
            change(
                ending, chain: isUser ? "DOCKER-USER" : nil, offset: 0,
                rule: words + "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"))
    }

    private static func accept(
        _ packet: PacketState, _ site: RuleSite, _ traversal: HookTraversal, _ ending: HookResult.Ending,
        isAnswer: Bool, port: RuleField.End = .destination, offset: Int
    ) -> RemedyAction {
        let namespace = traversal.site.namespace
        if ending.chain.backend == .nft {
            return .nft(
                namespace, nft(packet, site, hook: traversal.hook, ending: ending, isAnswer: isAnswer, port: port))
        }
        let isUser = usesDockerUser(traversal, ending)
        return .iptables(
            namespace,
            change(
                ending, chain: isUser ? "DOCKER-USER" : nil, offset: offset,
                rule: iptables(packet, site, hook: traversal.hook, isAnswer: isAnswer, port: port)))
    }

    /// Accepts for the questions and answers of neighbour discovery on one device (RFC 4890, 4.4.1): whoever may be asked
    /// must be able to ask as well.
    static func neighbourDiscovery(
        _ traversal: HookTraversal, _ ending: HookResult.Ending, _ device: String
    ) -> [RemedyAction] {
        let namespace = traversal.site.namespace
        let isOut = traversal.hook == .output || traversal.hook == .postrouting
        if ending.chain.backend == .nft {
            // What a bridge forwards comes in by the one port in one direction, and by the other in the other.
            let at: CommandWords =
                traversal.hook == .forward ? "" : "\(isOut ? "oifname" : "iifname") \(device)"
            return [
                .nft(
                    namespace,
                    "\(words: nftPlace(ending)) \(words: at) icmpv6 type \("{ nd-neighbor-solicit, nd-neighbor-advert }") accept"
                )
            ]
        }
        return ["neighbour-solicitation", "neighbour-advertisement"].map {
            .iptables(
                namespace,
                change(
                    ending, chain: nil, offset: 0,
                    rule: "\(isOut ? "-o" : "-i") \(device) -p icmpv6 --icmpv6-type \($0) -j ACCEPT"))
        }
    }

    /// An accept for the ARP requests and replies of two addresses.
    static func arp(
        _ traversal: HookTraversal, _ ending: HookResult.Ending, _ question: PacketState
    ) -> [RemedyAction] {
        let pair = "{ \(question.source), \(question.destination) }"
        return [
            .nft(
                traversal.site.namespace,
                "\(words: nftPlace(ending)) arp saddr ip \(pair) arp daddr ip \(pair) accept")
        ]
    }

    /// What a rule is to do instead for this flow alone, before that rule.
    ///
    /// - Parameters:
    ///   - port: which of the packet's ports is another connection's too.
    ///   - target: in the words of either firewall.
    static func exception(
        to rule: RuleReference, in chain: RuleChain, _ packet: PacketState, _ traversal: HookTraversal,
        port: RuleField.End = .destination, target: (iptables: CommandWords, nft: CommandWords)
    ) -> RemedyAction {
        let ending = HookResult.Ending(kind: .drop, rule: rule, chain: chain)
        let (namespace, site, hook) = (traversal.site.namespace, traversal.site, traversal.hook)
        if chain.backend == .nft {
            return .nft(
                namespace,
                nft(
                    packet, site, hook: hook, ending: ending, isAnswer: false, port: port, target: target.nft))
        }
        let words = iptables(packet, site, hook: hook, isAnswer: false, port: port, target: target.iptables)
        return .iptables(namespace, change(ending, chain: nil, offset: 0, rule: words))
    }

    /// Docker rewrites its own chains and leaves DOCKER-USER to its user. Packets come there before what ends them, if they do:
    /// the chain is still there when rules were flushed.
    private static func usesDockerUser(_ traversal: HookTraversal, _ ending: HookResult.Ending) -> Bool {
        let chain = ending.chain
        let base = traversal.site.namespace.netfilter.chains.first {
            $0.name == "FORWARD" && $0.table == "filter" && $0.family == chain.family && $0.backend == chain.backend
        }
        guard traversal.hook == .forward, chain.backend != .nft, chain.table == "filter", let base,
            let jump = base.rules.firstIndex(where: { $0.text.split(separator: " ").contains("DOCKER-USER") })
        else { return false }
        let position = (ending.path + [ending.rule]).first { $0.chain == base.name }?.position
        return position.map { $0 > jump } ?? true
    }

    /// A rule before the one that ends the packet, or at its chain's end before the policy; or first in `chain`.
    private static func change(
        _ ending: HookResult.Ending, chain: String?, offset: Int, rule: CommandWords
    ) -> IptablesChange {
        let position: IptablesChange.Position =
            chain != nil ? .before(nil) : ending.rule.position.map { .before($0 + offset) } ?? .last
        return IptablesChange(
            isIPv4: ending.chain.family != .ip6, isLegacy: ending.chain.backend == .iptablesLegacy,
            table: ending.chain.table, chain: chain ?? ending.chain.name, position, rule: rule)
    }

    private static func nftPlace(_ ending: HookResult.Ending) -> CommandWords {
        let place: CommandWords = "rule \(ending.chain.family) \(ending.chain.table) \(ending.chain.name)"
        return ending.rule.handle.map { "insert \(words: place) handle \($0)" } ?? "add \(words: place)"
    }

    private static func iptables(
        _ packet: PacketState, _ site: RuleSite, hook: NetfilterHook, isAnswer: Bool,
        port: RuleField.End = .destination, target: CommandWords = "-j ACCEPT"
    ) -> CommandWords {
        var words: CommandWords = ""
        if hook != .output, hook != .postrouting, let device = site.inDevice { words += "-i \(device)" }
        if hook == .forward || hook == .output || hook == .postrouting, let device = site.outDevice {
            words += "-o \(device)"
        }
        words += "-s \(packet.source) -d \(packet.destination) -p \(protocolWord(packet))"
        if packet.fragment == .later {
            // ip6tables asks for the fragment header, which the first one has too.
            words += packet.source.isIPv4 ? "-f" : "-m frag"
        } else if isAnswer {
            words += "-m conntrack --ctstate ESTABLISHED"
        } else if packet.hasPorts, let number = port == .source ? packet.sourcePort : packet.destinationPort {
            words += "\(port == .source ? "--sport" : "--dport") \(number)"
        }
        return words + target
    }

    private static func nft(
        _ packet: PacketState, _ site: RuleSite, hook: NetfilterHook, ending: HookResult.Ending, isAnswer: Bool,
        port: RuleField.End = .destination, target: CommandWords = "accept"
    ) -> CommandWords {
        var words = nftPlace(ending)
        if hook != .output, hook != .postrouting, hook != .ingress, hook != .egress, let device = site.inDevice {
            words += "iifname \(device)"
        }
        if hook == .forward || hook == .output || hook == .postrouting, let device = site.outDevice {
            words += "oifname \(device)"
        }
        let family = packet.source.isIPv4 ? "ip" : "ip6"
        words += "\(family) saddr \(packet.source) \(family) daddr \(packet.destination)"
        if packet.fragment == .later {
            words += "meta l4proto \(protocolWord(packet))"
            words += "\(packet.source.isIPv4 ? "ip frag-off & 0x1fff != 0" : "frag frag-off != 0")"
        } else if isAnswer, ending.chain.family != .netdev, ending.chain.family != .bridge {
            words += "ct state established"
        } else if !isAnswer, packet.hasPorts,
            let number = port == .source ? packet.sourcePort : packet.destinationPort
        {
            words += "\(protocolWord(packet)) \(port == .source ? "sport" : "dport") \(number)"
        } else {
            words += "meta l4proto \(protocolWord(packet))"
        }
        return words + target
    }

    private static func protocolWord(_ packet: PacketState) -> String {
        switch packet.ipProtocol {
        case .icmp, .icmpv6, .tcp, .udp, .sctp: packet.ipProtocol.ruleName
        default: String(packet.ipProtocol.rawValue)
        }
    }
}

extension TableFamily {
    /// Whether its chains see frames: neighbour discovery is a packet like any other there.
    fileprivate var isBelowIP: Bool { [.netdev, .arp].contains(self) }
}

extension NetfilterHook {
    /// Whether a packet's incoming device can be matched there.
    fileprivate var knowsInDevice: Bool { [.prerouting, .input, .forward].contains(self) }
    /// Whether a packet's outgoing device can be matched there.
    fileprivate var knowsOutDevice: Bool { [.forward, .output, .postrouting].contains(self) }
}
