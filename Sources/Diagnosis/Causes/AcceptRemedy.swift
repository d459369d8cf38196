internal import Network
internal import WalkModel
internal import Wire

/// Rules that let through just this flow, before the rule that ends it.
///
/// A dropping rule is not deleted, though that is shorter: what else it keeps out would then come in. The accept
/// names the devices, both addresses, the protocol and the destination's port; where the hook would drop the answer
/// as well, a second rule accepts the established way back.
struct AcceptRemedy {
    let remedy: Finding.Remedy?

    init(
        projection: Projection, traversal: HookTraversal, ending: HookResult.Ending, packet: PacketState
    ) {
        let chain = ending.chain
        let scope = projection.scope(traversal.site.namespace)
        var commands: [String] = []
        let answer = packet.answer
        var back = traversal
        back.site.inDevice = traversal.site.outDevice
        back.site.outDevice = traversal.site.inDevice
        back.site.physicalInDevice = traversal.site.physicalOutDevice
        back.site.physicalOutDevice = traversal.site.physicalInDevice
        // The way back at a hook that sees both directions.
        let needsBack =
            traversal.hook == .forward && packet.connection != .established && back.run(answer).ending != nil
        let isUser = Self.usesDockerUser(traversal, chain)
        func add(_ packet: PacketState, _ site: RuleSite, isAnswer: Bool) {
            if chain.backend == "nft" {
                commands.append(
                    scope.run(Self.nft(packet, site, traversal: traversal, ending: ending, isAnswer: isAnswer)))
            } else {
                commands.append(
                    scope.run(
                        Self.iptables(
                            packet, site, hook: traversal.hook, ending: ending, isAnswer: isAnswer, dockerUser: isUser,
                            offset: commands.count)))
            }
        }
        add(packet, traversal.site, isAnswer: false)
        if needsBack { add(answer, back.site, isAnswer: true) }
        remedy = Finding.Remedy(commands: commands)
    }

    /// Accepts for the questions and answers of neighbour discovery on one device (RFC 4890, 4.4.1): whoever may be asked
    /// must be able to ask as well.
    static func neighbourDiscovery(
        _ scope: CommandScope, _ traversal: HookTraversal, _ ending: HookResult.Ending, _ device: String
    ) -> [String] {
        let chain = ending.chain
        let isOut = traversal.hook == .output
        if chain.backend == "nft" {
            let place = "\(chain.family) \(chain.table) \(chain.name)"
            let at = ending.rule.handle.map { "insert rule \(place) handle \($0)" } ?? "add rule \(place)"
            let match =
                "\(isOut ? "oifname" : "iifname") \(device) icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }'"
            return [scope.run("nft \(at) \(match) accept")]
        }
        let tool = chain.backend == "iptables-legacy" ? "ip6tables-legacy" : "ip6tables"
        let table = chain.table == "filter" ? "" : " -t \(chain.table)"
        let at =
            ending.rule.position.map { "-I \(shellWord(chain.name)) \($0)" } ?? "-A \(shellWord(chain.name))"
        return ["neighbour-solicitation", "neighbour-advertisement"].map {
            scope.run(
                "\(tool)\(table) \(at) \(isOut ? "-o" : "-i") \(shellWord(device)) -p icmpv6 --icmpv6-type \($0) -j ACCEPT"
            )
        }
    }

    /// Docker rewrites its own chains and leaves DOCKER-USER to its user.
    private static func usesDockerUser(_ traversal: HookTraversal, _ chain: RuleChain) -> Bool {
        traversal.hook == .forward && chain.backend != "nft" && chain.table == "filter"
            && traversal.site.namespace.netfilter.chains.contains {
                $0.name == "DOCKER-USER" && $0.family == chain.family && $0.backend == chain.backend
            }
    }

    private static func iptables(
        _ packet: PacketState, _ site: RuleSite, hook: NetfilterHook, ending: HookResult.Ending, isAnswer: Bool,
        dockerUser: Bool, offset: Int
    ) -> String {
        let chain = ending.chain
        var tool = chain.family == "ip6" ? "ip6tables" : "iptables"
        if chain.backend == "iptables-legacy" { tool += "-legacy" }
        if chain.table != "filter" { tool += " -t \(chain.table)" }
        let at: String
        if dockerUser {
            at = "-I DOCKER-USER"
        } else if let position = ending.rule.position {
            at = "-I \(shellWord(chain.name)) \(position + offset)"
        } else {
            at = "-A \(shellWord(chain.name))"
        }
        var words = [tool, at]
        if hook != .output, hook != .postrouting, let device = site.inDevice { words.append("-i \(shellWord(device))") }
        if hook == .forward || hook == .output || hook == .postrouting, let device = site.outDevice {
            words.append("-o \(shellWord(device))")
        }
        words.append("-s \(packet.source) -d \(packet.destination)")
        words.append("-p \(protocolWord(packet, forNft: false))")
        if isAnswer {
            words.append("-m conntrack --ctstate ESTABLISHED")
        } else if packet.hasPorts, let port = packet.destinationPort {
            words.append("--dport \(port)")
        }
        words.append("-j ACCEPT")
        return words.joined(separator: " ")
    }

    private static func nft(
        _ packet: PacketState, _ site: RuleSite, traversal: HookTraversal, ending: HookResult.Ending, isAnswer: Bool
    ) -> String {
        let chain = ending.chain
        var words = ["nft"]
        if let handle = ending.rule.handle {
            words.append("insert rule \(chain.family) \(chain.table) \(chain.name) handle \(handle)")
        } else {
            words.append("add rule \(chain.family) \(chain.table) \(chain.name)")
        }
        let hook = traversal.hook
        if hook != .output, hook != .postrouting, hook != .ingress, hook != .egress, let device = site.inDevice {
            words.append("iifname \(device)")
        }
        if hook == .forward || hook == .output || hook == .postrouting, let device = site.outDevice {
            words.append("oifname \(device)")
        }
        let family = packet.source.isIPv4 ? "ip" : "ip6"
        words.append("\(family) saddr \(packet.source) \(family) daddr \(packet.destination)")
        if isAnswer, chain.family != "netdev", chain.family != "bridge" {
            words.append("ct state established")
        } else if !isAnswer, packet.hasPorts, let port = packet.destinationPort {
            words.append("\(protocolWord(packet, forNft: true)) dport \(port)")
        } else {
            words.append("meta l4proto \(protocolWord(packet, forNft: true))")
        }
        words.append("accept")
        return words.joined(separator: " ")
    }

    private static func protocolWord(_ packet: PacketState, forNft: Bool) -> String {
        switch packet.ipProtocol {
        case .icmpv6: "ipv6-icmp"
        case .icmp, .tcp, .udp, .sctp: packet.ipProtocol.description
        default: String(packet.ipProtocol.rawValue)
        }
    }
}
