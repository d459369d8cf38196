import Diagnosis
import Observations
import Network
import WalkModel
import Wire

/// The base network of the fault table, and the parts that tests change in it.
///
///     mynamespace veth1 172.19.0.2/24 ── veth0 (port of mybridge 172.19.0.1/24) host eth0 203.0.113.2/24
///       ── wan0 203.0.113.1/24 wan, 198.51.100.1/32 on its lo
struct BaseNetwork {
    var topology: Topology

    init() {
        let mynamespace = Namespace(
            name: "mynamespace", inode: 1, path: "/run/netns/mynamespace",
            links: [
                loopback(),
                Link(
                    name: "veth1", index: 2, kind: "veth", mac: mac(0x11), addresses: [prefix("172.19.0.2/24")],
                    peer: Link.Peer(namespace: "host", device: "veth0")),
            ],
            routes: [
                Route(destination: prefix("172.19.0.0/24"), device: "veth1", origin: "kernel"),
                Route(destination: prefix("0.0.0.0/0"), gateway: address("172.19.0.1"), device: "veth1"),
            ], sysctls: sysctls(forwarding: false, devices: ["veth1"]))
        let host = Namespace(
            name: "host", inode: 2, path: "/proc/self/ns/net",
            links: [
                loopback(),
                Link(
                    name: "veth0", index: 3, kind: "veth", mac: mac(0x10), master: "mybridge",
                    peer: Link.Peer(namespace: "mynamespace", device: "veth1"),
                    bridgePort: Link.BridgePort(state: "forwarding")),
                Link(
                    name: "mybridge", index: 4, kind: "bridge", mac: mac(0x20), addresses: [prefix("172.19.0.1/24")],
                    bridge: Link.Bridge(vlanFiltering: false)),
                Link(
                    name: "eth0", index: 5, kind: "veth", mac: mac(0x30), addresses: [prefix("203.0.113.2/24")],
                    peer: Link.Peer(namespace: "wan", device: "wan0")),
            ],
            routes: [
                Route(destination: prefix("172.19.0.0/24"), device: "mybridge", origin: "kernel"),
                Route(destination: prefix("203.0.113.0/24"), device: "eth0", origin: "kernel"),
                Route(destination: prefix("0.0.0.0/0"), gateway: address("203.0.113.1"), device: "eth0"),
            ], sysctls: sysctls(forwarding: true, devices: ["veth0", "mybridge", "eth0"]))
        let wan = Namespace(
            name: "wan", inode: 3, path: "/run/netns/wan",
            links: [
                Link(
                    name: "lo", index: 1, kind: "loopback", mtu: 65536,
                    addresses: [prefix("127.0.0.1/8"), prefix("198.51.100.1/32")]),
                Link(
                    name: "wan0", index: 2, kind: "veth", mac: mac(0x40), addresses: [prefix("203.0.113.1/24")],
                    peer: Link.Peer(namespace: "host", device: "eth0")),
            ], routes: [Route(destination: prefix("203.0.113.0/24"), device: "wan0", origin: "kernel")],
            sysctls: sysctls(forwarding: false, devices: ["wan0"]))
        topology = Topology(host: "test", time: "", namespaces: [mynamespace, host, wan])
        masquerade("-s 172.19.0.0/24 -j MASQUERADE")
    }

    mutating func change(_ name: String, _ body: (inout Namespace) -> Void) {
        guard let index = topology.namespaces.firstIndex(where: { $0.name == name }) else { return }
        body(&topology.namespaces[index])
    }

    mutating func change(_ name: String, link device: String, _ body: (inout Link) -> Void) {
        change(name) { namespace in
            guard let index = namespace.links.firstIndex(where: { $0.name == device }) else { return }
            body(&namespace.links[index])
        }
    }

    /// Replaces the rules of nat POSTROUTING in host.
    mutating func masquerade(_ rule: String?) {
        change("host") { host in
            host.netfilter.chains.removeAll { $0.table == "nat" }
            host.netfilter.chains.append(iptables("nat", "POSTROUTING", rules: rule.map { [$0] } ?? []))
            host.netfilter.backend = ["iptables-nft"]
            host.netfilter.nat = []
            if let rule {
                host.netfilter.nat = [
                    NATRule(
                        kind: "masquerade",
                        rule: RuleReference(
                            family: "ip", table: "nat", chain: "POSTROUTING", position: 1,
                            text: "-A POSTROUTING \(rule)", backend: "iptables-nft"))
                ]
            }
        }
    }

    mutating func add(_ chains: RuleChain..., to name: String = "host") {
        change(name) { $0.netfilter.chains += chains }
    }

    /// A second namespace on the bridge, `other` 172.19.0.3 by veth3.
    mutating func attachSecond() {
        topology.namespaces.append(
            Namespace(
                name: "other", inode: 4, path: "/run/netns/other",
                links: [
                    loopback(),
                    Link(
                        name: "veth3", index: 2, kind: "veth", mac: mac(0x13), addresses: [prefix("172.19.0.3/24")],
                        peer: Link.Peer(namespace: "host", device: "veth2")),
                ],
                routes: [Route(destination: prefix("172.19.0.0/24"), device: "veth3", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["veth3"])))
        change("host") {
            $0.links.append(
                Link(
                    name: "veth2", index: 6, kind: "veth", mac: mac(0x12), master: "mybridge",
                    peer: Link.Peer(namespace: "other", device: "veth3"),
                    bridgePort: Link.BridgePort(state: "forwarding")))
        }
    }

    mutating func setting(_ key: String, _ value: String, in name: String) {
        change(name) { $0.sysctls[key] = value }
    }

    /// Packets from 172.19.0.0/24 are routed by table 100 of host, which has a default route by `gateway`.
    mutating func routeBySource(via gateway: IPAddress) {
        change("host") {
            $0.rules = [
                RoutingRule(priority: 0, family: 2, table: 255),
                RoutingRule(priority: 100, family: 2, source: prefix("172.19.0.0/24"), table: 100),
                RoutingRule(priority: 32766, family: 2), RoutingRule(priority: 32767, family: 2, table: 253),
            ]
            $0.routes.append(
                Route(destination: prefix("0.0.0.0/0"), table: 100, gateway: gateway, device: "eth0"))
        }
    }

    /// What the engine's walks would be explained by in this network, and nothing else known.
    func explained(
        _ walk: Walk, reply: Walk? = nil, _ change: (inout DiagnosisContext) -> Void = { _ in }
    ) -> (findings: [Finding], walk: Walk) {
        var context = DiagnosisContext(topology: topology)
        change(&context)
        return Diagnosis.findings(for: walk, reply: reply, context: context)
    }

    func findings(
        _ walk: Walk, reply: Walk? = nil, _ change: (inout DiagnosisContext) -> Void = { _ in }
    ) -> [Finding] {
        explained(walk, reply: reply, change).findings
    }
}

func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 0) }
func prefix(_ text: String) -> IPPrefix {
    IPPrefix(text) ?? IPPrefix(IPAddress(ipv4: 0), length: 0) ?? prefix("0.0.0.0/0")
}
func mac(_ last: UInt64) -> MACAddress { MACAddress(value: 0x0200_0000_0000 | last) }
func loopback(up: Bool = true) -> Link {
    Link(
        name: "lo", index: 1, kind: "loopback", state: up ? "unknown" : "down", isUp: up, hasCarrier: up, mtu: 65536,
        addresses: up ? [prefix("127.0.0.1/8")] : [])
}
func sysctls(forwarding: Bool, devices: [String]) -> [String: String] {
    let value = forwarding ? "1" : "0"
    var settings = [
        "net.ipv4.ip_forward": value, "net.ipv4.conf.all.forwarding": value, "net.ipv6.conf.all.forwarding": value,
        "net.ipv4.conf.all.rp_filter": "0",
    ]
    for device in devices {
        settings["net.ipv4.conf.\(device).forwarding"] = value
        settings["net.ipv4.conf.\(device).rp_filter"] = "0"
    }
    return settings
}

/// An iptables chain; a built-in one by its name, with its hook and priority.
func iptables(
    _ table: String, _ name: String, family: TableFamily = .ip, policy: Verdict = .accept,
    backend: FirewallBackend = .iptablesNft, rules: [String]
) -> RuleChain {
    let hooks: [String: NetfilterHook] = [
        "PREROUTING": .prerouting, "INPUT": .input, "FORWARD": .forward, "OUTPUT": .output, "POSTROUTING": .postrouting,
    ]
    let hook = hooks[name]
    let priorities = ["raw": -300, "mangle": -150, "filter": 0, "security": 50]
    let nat = name == "PREROUTING" || name == "OUTPUT" ? -100 : 100
    return RuleChain(
        backend: backend, family: family, table: table, name: name, hook: hook,
        priority: hook == nil ? nil : priorities[table] ?? nat,
        kind: hook == nil ? nil : table == "nat" ? "nat" : "filter", policy: hook == nil ? nil : policy,
        rules: rules.enumerated().map {
            Rule(position: $0.offset + 1, handle: UInt64($0.offset + 10), text: "-A \(name) \($0.element)")
        })
}

/// An nftables chain from pairs of text and libnftables' JSON.
func nft(
    _ family: TableFamily, _ table: String, _ name: String, hook: NetfilterHook? = nil, priority: Int = 0,
    kind: ChainKind = .filter, policy: Verdict = .accept, device: String? = nil, rules: [(String, String)]
) -> RuleChain {
    RuleChain(
        backend: "nft", family: family, table: table, name: name, hook: hook, priority: hook == nil ? nil : priority,
        kind: hook == nil ? nil : kind, policy: hook == nil ? nil : policy, device: device,
        rules: rules.enumerated().map {
            Rule(
                position: $0.offset + 1, handle: UInt64($0.offset + 4), text: $0.element.0, expressions: $0.element.1)
        })
}

/// Where a packet was seen, for `walk(through:)`.
enum Sight {
    case sent(String)
    case out(String, String)
    case into(String, String)
    case hook(String, NetfilterHook, NetfilterStage)
}

struct Probe {
    var kind = PacketKind.icmp(.echoRequest(identifier: 7, sequence: 1))
    var source: IPAddress = "172.19.0.2"
    var destination: IPAddress = "198.51.100.1"
    var sourcePort: UInt16?
    var destinationPort: UInt16?
    var ttl: UInt8 = 64
    var length: UInt32 = 84
    var dontFragment: Bool?

    static let ping = Probe()
    static func tcp(_ port: UInt16, to destination: IPAddress, from source: IPAddress = "172.19.0.2") -> Probe {
        Probe(
            kind: .tcp(flags: .syn), source: source, destination: destination, sourcePort: 40000, destinationPort: port,
            length: 60)
    }
    static func udp(_ port: UInt16, to destination: IPAddress, from source: IPAddress = "172.19.0.2") -> Probe {
        Probe(
            kind: .udp(payloadLength: 32), source: source, destination: destination, sourcePort: 40000,
            destinationPort: port, length: 60)
    }

    var reply: Probe {
        var copy = self
        swap(&copy.source, &copy.destination)
        swap(&copy.sourcePort, &copy.destinationPort)
        copy.kind = kind.isEcho ? .icmp(.echoReply(identifier: 7, sequence: 1)) : .tcp(flags: [.syn, .ack])
        return copy
    }

    /// The RST that refuses a SYN.
    var refusal: Probe {
        var copy = reply
        copy.kind = .tcp(flags: [.rst, .ack])
        return copy
    }

    /// A walk through these places; `changed` gives the addresses from a hop on.
    func walk(
        _ outcome: Walk.Outcome, through sights: [Sight] = [], changed: [Int: Probe] = [:], stop: Stop? = nil,
        answers: String? = nil
    ) -> Walk {
        var hops: [Hop] = []
        var current = self
        for (index, sight) in sights.enumerated() {
            if let change = changed[index] { current = change }
            let packet = Hop.Packet(
                source: current.source, destination: current.destination, sourcePort: current.sourcePort,
                destinationPort: current.destinationPort, ttl: current.ttl, length: current.length,
                dontFragment: current.dontFragment)
            let parent = index == 0 ? nil : index - 1
            switch sight {
            case .sent(let name):
                hops.append(
                    Hop(
                        index: index, parent: parent, namespace: name, vantage: .socket, direction: .out, packet: packet
                    ))
            case .out(let name, let device):
                hops.append(
                    Hop(
                        index: index, parent: parent, namespace: name, device: device, vantage: .link, direction: .out,
                        evidence: [.seen], packet: packet))
            case .into(let name, let device):
                hops.append(
                    Hop(
                        index: index, parent: parent, namespace: name, device: device, vantage: .link, direction: .in,
                        evidence: [.seen], packet: packet))
            case .hook(let name, let hook, let stage):
                hops.append(
                    Hop(
                        index: index, parent: parent, namespace: name, vantage: .netfilter, hook: hook, stage: stage,
                        evidence: [.log], packet: packet))
            }
        }
        return Walk(
            id: "0123456789abcdef0123456789abcdef", answers: answers, kind: kind, source: source,
            destination: destination, sourcePort: sourcePort, destinationPort: destinationPort,
            startNanoseconds: 1_795_399_094_000_000_000, outcome: outcome, hops: hops, stoppedAt: stop)
    }
}

/// The base network's way out, as far as a test wants it.
let toBridge: [Sight] = [
    .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"), .into("host", "mybridge"),
]
let toWan: [Sight] = toBridge + [.out("host", "eth0"), .into("wan", "wan0")]
