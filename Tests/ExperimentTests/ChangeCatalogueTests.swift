import Network
import Probes
import Snapshot
import Testing
import WalkModel
import Wire

@testable import Experiment

@Suite("The catalogue of changes")
struct ChangeCatalogueTests {
    private static func catalogue(
        _ change: (inout Namespace, inout NamespaceSnapshot) throws -> Void, kind: PacketRequest.Kind = .echo
    ) throws -> [Candidate] {
        var host = Namespace(name: "host", inode: 1, path: "/proc/self/ns/net")
        var part = NamespaceSnapshot(name: "host", inode: 1)
        try change(&host, &part)
        let snapshot = HostSnapshot(host: "h", time: "", kernel: "", namespaces: [part])
        return ChangeCatalogue(
            topology: Topology(host: "h", time: "", namespaces: [host]), snapshot: snapshot,
            request: PacketRequest(kind: kind, destination: try #require(IPAddress("10.0.0.9"))), from: "host"
        ).changes
    }

    private static func commands(_ changes: [Candidate]) -> [String] {
        changes.flatMap { $0.actions.map(CommandScope().line) }
    }

    @Test("has each setting that decides, the other way")
    func settings() throws {
        let changes = try Self.catalogue { host, part in
            host.links = [Link(name: "eth0.7", index: 2, kind: .veth)]
            host.links[0].isUp = true
            part.sysctls = [
                "net.ipv4.ip_forward": "0", "net.ipv4.conf.all.rp_filter": "1",
                "net.ipv4.conf.eth0/7.rp_filter": "0", "net.ipv4.ip_local_port_range": "40000\t40001",
                "net.ipv6.conf.all.forwarding": "0",
            ]
        }
        let commands = Self.commands(changes.filter { $0.kind == .setting })
        #expect(commands.contains("sysctl -w net.ipv4.ip_forward=1"))
        #expect(commands.contains("sysctl -w net.ipv4.ip_local_port_range='32768 60999'"))
        // The greater one of both holds: to lower it both are set.
        #expect(commands.contains("sysctl -w net.ipv4.conf.eth0/7.rp_filter=2"))
        #expect(commands.contains("sysctl -w net.ipv4.conf.all.rp_filter=0"))
        #expect(!commands.contains { $0.contains("ipv6") })
    }

    @Test("has the rules that outer packets of another family meet, where a tunnel has them")
    func outerRules() throws {
        func rules(remote: IPAddress?) throws -> [String] {
            let changes = try Self.catalogue { host, _ in
                var tunnel = Link(name: "vxlan42", index: 2, kind: .vxlan)
                tunnel.vxlan = Link.VXLAN(identifier: 42, port: 8472, remote: remote)
                host.links = [tunnel]
                host.netfilter.chains = [
                    RuleChain(
                        backend: .iptablesNft, family: .ip6, table: "filter", name: "OUTPUT", hook: .output,
                        priority: 0, policy: .drop, rules: [Rule(position: 1, text: "-p udp -j DROP")])
                ]
            }
            return changes.filter { $0.kind == .rule }.flatMap { $0.actions.map(CommandScope().line) }
        }
        let outer = try rules(remote: IPAddress("2001:db8::3"))
        // What would let the packet inside pass is no rule of the other family.
        #expect(outer == ["ip6tables -t filter -D OUTPUT 1", "ip6tables -t filter -P OUTPUT ACCEPT"])
        #expect(try rules(remote: IPAddress("192.0.2.3")).isEmpty)
    }

    @Test("has each port's flags, the other way, and its state")
    func ports() throws {
        let changes = try Self.catalogue { host, _ in
            var bridge = Link(name: "br0", index: 2, kind: .bridge)
            bridge.bridge = Link.Bridge(vlanFiltering: false)
            var port = Link(name: "vc", index: 3, kind: .veth)
            port.master = "br0"
            port.bridgePort = Link.BridgePort(
                state: .blocking, isolated: true, hairpin: false, learning: true, flooding: true)
            host.links = [bridge, port]
        }
        let ports = changes.filter { $0.kind == .port }
        #expect(ports.contains { $0.condition == "hairpin on at port vc of br0 in host" })
        #expect(Self.commands(ports).contains("bridge link set dev vc isolated off"))
        #expect(Self.commands(ports).contains("bridge link set dev vc state 3"))
        #expect(Set(ports.map(\.object)).count == ports.count)
    }

    @Test("has each rule that does not accept, by its backend's own words, and each policy that drops")
    func rules() throws {
        let changes = try Self.catalogue { host, _ in
            host.netfilter = Netfilter(chains: [
                RuleChain(
                    backend: .nft, family: .inet, table: "t", name: "c", hook: .forward, policy: .drop,
                    rules: [
                        Rule(position: 1, handle: 4, text: "tcp dport 22 accept"),
                        Rule(position: 2, handle: 7, text: "ip saddr 10.0.0.1 drop"),
                    ]),
                RuleChain(
                    backend: .iptablesLegacy, family: .ip, table: "filter", name: "FORWARD", hook: .forward,
                    policy: .accept,
                    rules: [
                        Rule(position: 1, text: "-A FORWARD -p icmp -j REJECT"),
                        Rule(position: 2, text: "-A FORWARD -j ACCEPT"),
                    ]),
                RuleChain(
                    backend: .iptablesNft, family: .ip6, table: "filter", name: "FORWARD",
                    rules: [Rule(position: 1, text: "-A FORWARD -j DROP")]),
            ])
        }
        let rules = changes.filter { $0.kind == .rule && !$0.adds }
        #expect(
            Self.commands(changes.filter { $0.kind == .rule && $0.adds }) == [
                "nft insert rule inet t c ip daddr 10.0.0.9 accept",
                "nft insert rule inet t c ip saddr 10.0.0.9 accept",
                "iptables-legacy -t filter -I FORWARD -d 10.0.0.9 -j ACCEPT",
                "iptables-legacy -t filter -I FORWARD -s 10.0.0.9 -j ACCEPT",
            ])
        #expect(
            Self.commands(rules) == [
                "nft delete rule inet t c handle 7", "iptables-legacy -t filter -D FORWARD 1",
                "nft chain inet t c '{ policy accept; }'",
            ])
        #expect(rules.map(\.code) == ["rule-drop", "rule-reject", "policy-drop"])
        #expect(rules.map(\.place.hook) == [.forward, .forward, .forward])
        #expect(rules[0].commands(in: CommandScope())[0].contains("sed -n 2p"))
    }

    @Test("has what is missing: the destination's address, a rule of routing, what bridges do not let through")
    func additions() throws {
        let changes = try Self.catalogue { host, part in
            var bridge = Link(name: "br0", index: 2, kind: .bridge)
            bridge.isUp = true
            bridge.bridge = Link.Bridge(vlanFiltering: true)
            bridge.bridge?.callsIPTables = true
            host.links = [bridge]
            host.rules = [RoutingRule(priority: 32_766, family: 2, table: .main)]
            part.sysctls = ["net.ipv4.ip_early_demux": "0", "net.ipv6.route.gc_timeout": "7"]
        }
        let commands = Self.commands(changes)
        #expect(commands.contains("ip rule add priority 0 lookup local"))
        #expect(!commands.contains { $0.contains("lookup main") })
        #expect(commands.contains("ip link set dev br0 type bridge vlan_filtering 0"))
        #expect(commands.contains("ip link set dev br0 type bridge nf_call_iptables 0"))
        #expect(commands.contains("sysctl -w net.ipv4.ip_early_demux=1"))
        // The packet is of IPv4.
        #expect(!commands.contains { $0.contains("gc_timeout") })
    }

    @Test("has a program at each port that a rule sends packets to")
    func redirectedPorts() throws {
        let changes = try Self.catalogue(
            { host, _ in
                host.netfilter = Netfilter(chains: [
                    RuleChain(
                        backend: .iptablesNft, family: .ip, table: "nat", name: "PREROUTING", hook: .prerouting,
                        rules: [
                            Rule(position: 1, text: "-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 15001"),
                            Rule(position: 2, text: "-A PREROUTING -p tcp -j TPROXY --on-port 7893 --on-ip 0.0.0.0"),
                            Rule(position: 3, text: "-A PREROUTING -j DNAT --to-destination 10.0.0.7:8080-8090"),
                        ]),
                    RuleChain(
                        backend: .nft, family: .ip, table: "t", name: "c", hook: .prerouting,
                        rules: [
                            Rule(position: 1, handle: 1, text: "tcp dport 81 redirect to :3128"),
                            Rule(position: 2, handle: 2, text: "dnat to 10.0.0.8"),
                        ]),
                ])
            }, kind: .tcp(80))
        let ports = changes.filter { $0.kind == .listener }.map(\.object)
        #expect(ports == [80, 15001, 7893, 8080, 3128].map { "host listener \($0)" })
        // A shell that knows no word for a line's end runs them.
        let commands = changes.filter { $0.kind == .listener }.flatMap { $0.commands(in: CommandScope()) }
        #expect(commands.allSatisfy { !$0.contains("$'") && !$0.contains("\n") })
    }

    @Test(
        "has the program at the packet's port taking what waits there, or running",
        arguments: [
            (3, false, "accept-queue-full", "httpd at tcp port 80 in host accepting the connections that wait"),
            (0, true, "process-stopped", "httpd at tcp port 80 in host running"),
            (2, false, nil as FindingCode?, ""),
        ])
    func idlePrograms(waiting: UInt64, isStopped: Bool, code: FindingCode?, words: String) throws {
        let changes = try Self.catalogue(
            { host, _ in
                var listener = Listener(
                    protocol: .tcp, address: try #require(IPAddress("10.0.0.9")), port: 80, process: "httpd",
                    receiveQueue: waiting)
                listener.backlog = 2
                listener.isStopped = isStopped
                host.listeners = [listener]
            }, kind: .tcp(80))
        let found = changes.filter { $0.trialChange != nil }
        #expect(found.map(\.code) == [code].compactMap(\.self))
        #expect(found.first?.condition ?? "" == words)
        #expect(found.allSatisfy { $0.trialChange == TrialChange(serving: .tcp, port: 80, in: "host") })
    }

    @Test("has special routes, rules of routing, entries and a listener")
    func entries() throws {
        let changes = try Self.catalogue(
            { host, part in
                host.links = [Link(name: "eth0", index: 2, kind: .veth)]
                host.links[0].isUp = false
                host.links[0].addresses = [try #require(IPPrefix("10.0.0.1/24"))]
                var route = Route(destination: try #require(IPPrefix("10.0.0.0/8")), kind: .blackhole)
                route.origin = .static
                host.routes = [route]
                host.neighbors = [
                    Neighbor(
                        address: try #require(IPAddress("10.0.0.9")), device: "eth0",
                        mac: nil, state: .permanent)
                ]
                let (one, two) = (try #require(IPAddress("10.0.0.1")), try #require(IPAddress("10.0.0.9")))
                part.conntrack = [
                    ConntrackEntry(
                        ipProtocol: .udp,
                        original: ConntrackEntry.Tuple(
                            source: one, destination: two, sourcePort: 5, destinationPort: 53),
                        reply: ConntrackEntry.Tuple(
                            source: two, destination: one, sourcePort: 53, destinationPort: 5))
                ]
            }, kind: .udp(53))
        let commands = Self.commands(changes)
        #expect(commands.contains("ip route del blackhole 10.0.0.0/8"))
        #expect(commands.contains("ip neigh del 10.0.0.9 dev eth0"))
        #expect(commands.contains("conntrack -D -p udp -s 10.0.0.1 -d 10.0.0.9 --sport 5 --dport 53"))
        #expect(commands.contains("ip link set dev eth0 up"))
        #expect(changes.contains { $0.kind == .listener && $0.code == "no-listener" && $0.actions.isEmpty })
    }
}
