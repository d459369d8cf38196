import Network
import Ruleset
import Wire

/// Parts of a namespace for rules: host, mybridge 172.19.0.1/24 and eth0 203.0.113.2/24.
enum RuleNamespace {
    static let host = Namespace(
        name: "host", inode: 2, path: "/proc/self/ns/net",
        links: [
            Link(name: "mybridge", index: 4, kind: "bridge", addresses: [prefix("172.19.0.1/24")]),
            Link(name: "eth0", index: 5, kind: "veth", addresses: [prefix("203.0.113.2/24")]),
        ])

    static func host(_ chains: [RuleChain], sets: [NamedSet] = []) -> Namespace {
        var copy = host
        copy.netfilter = Netfilter(chains: chains, sets: sets)
        return copy
    }

    /// mybridge to eth0, where these chains are.
    static func site(_ chains: RuleChain..., sets: [NamedSet] = []) -> RuleSite {
        RuleSite(namespace: host(chains, sets: sets), inDevice: "mybridge", outDevice: "eth0")
    }

    /// A new TCP connection from 172.19.0.2:40000 to 198.51.100.1:443.
    static let packet = PacketState(
        source: address("172.19.0.2"), destination: address("198.51.100.1"), ipProtocol: .tcp, sourcePort: 40000,
        destinationPort: 443, tcpFlags: 2, ttl: 64, length: 60, mark: 0x12, connection: .new)
}

func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 0) }
func prefix(_ text: String) -> IPPrefix {
    IPPrefix(text) ?? IPPrefix(IPAddress(ipv4: 0), length: 0) ?? prefix("0.0.0.0/0")
}

/// An iptables chain; a built-in one by its name.
func iptables(
    _ table: String, _ name: String, policy: Verdict = .accept, backend: FirewallBackend = .iptablesNft,
    rules: [String]
) -> RuleChain {
    let hook = NetfilterHook(known: name.lowercased())
    let priorities = ["raw": -300, "mangle": -150, "filter": 0, "security": 50]
    let nat = name == "PREROUTING" || name == "OUTPUT" ? -100 : 100
    return RuleChain(
        backend: backend, family: "ip", table: table, name: name, hook: hook,
        priority: hook == nil ? nil : priorities[table] ?? nat,
        kind: hook == nil ? nil : table == "nat" ? .nat : .filter, policy: hook == nil ? nil : policy,
        rules: rules.enumerated().map { Rule(position: $0.offset + 1, text: "-A \(name) \($0.element)") })
}

/// An nftables chain of table `inet t`; each rule as libnftables' JSON of its expressions.
func nft(
    _ name: String, table: String = "t", hook: NetfilterHook? = nil, priority: Int = 0, rules: [String]
) -> RuleChain {
    RuleChain(
        backend: "nft", family: "inet", table: table, name: name, hook: hook, priority: hook == nil ? nil : priority,
        kind: hook == nil ? nil : "filter", policy: hook == nil ? nil : "accept",
        rules: rules.enumerated().map {
            Rule(
                position: $0.offset + 1, handle: UInt64($0.offset + 4), text: "rule \($0.offset + 1)",
                expressions: $0.element)
        })
}

/// The steps of one rule of iptables.
func compile(_ text: String) -> CompiledRule {
    CompiledRule(Rule(position: 1, text: "-A FORWARD \(text)"), in: iptables("filter", "FORWARD", rules: []))
}

/// The steps of one rule of nftables.
func compile(json: String, sets: [NamedSet] = []) -> CompiledRule {
    let ruleset = CompiledRuleset(Netfilter(chains: [nft("c", rules: [json])], sets: sets))
    return ruleset.chains[0].rules[0]
}
