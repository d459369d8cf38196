import Network
import Observations
import Ruleset
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// What stops the outer packet of a tunnel: hosts `one` and `two`, joined by a wire, with a tunnel's device each.
@Suite("The outer packet of a tunnel")
struct TunnelTests {
    enum Kind: CaseIterable {
        case vxlan, vxlanOverIPv6, gre, ipip

        var local: IPAddress { self == .vxlanOverIPv6 ? "2001:db8:113::5" : "203.0.113.5" }
        var remote: IPAddress { self == .vxlanOverIPv6 ? "2001:db8:113::6" : "203.0.113.6" }
        var encapsulation: Encapsulation {
            switch self {
            case .vxlan, .vxlanOverIPv6: Encapsulation(kind: .vxlan, identifier: 42, source: local, destination: remote)
            case .gre: Encapsulation(kind: .gre, identifier: 7, source: local, destination: remote)
            case .ipip: Encapsulation(kind: .ipip, source: local, destination: remote)
            }
        }
        /// Of the rule that drops it, and of the accept for it.
        var match: String {
            switch self {
            case .vxlan, .vxlanOverIPv6: "-p udp -m udp --dport 8472"
            case .gre: "-p gre"
            case .ipip: "-p ipip"
            }
        }
        var accept: String {
            switch self {
            case .vxlan, .vxlanOverIPv6: "-s \(local) -d \(remote) -p udp --dport 8472 -j ACCEPT"
            case .gre: "-s \(local) -d \(remote) -p 47 -j ACCEPT"
            case .ipip: "-s \(local) -d \(remote) -p 4 -j ACCEPT"
            }
        }
        var family: TableFamily { self == .vxlanOverIPv6 ? .ip6 : .ip }

        func link(_ last: UInt64, _ address: String, local: IPAddress, remote: IPAddress) -> Link {
            var link = Link(
                name: "tun0", index: 3, kind: "vxlan", mac: mac(last), mtu: 1450, addresses: [prefix(address)])
            switch self {
            case .vxlan, .vxlanOverIPv6:
                link.vxlan = Link.VXLAN(identifier: 42, port: 8472, remote: remote, local: local)
            case .gre:
                link.kind = .gre
                link.tunnel = Link.Tunnel(
                    local: local, remote: remote, inputKey: 7, outputKey: 7, headerLength: 8, setsDontFragment: true)
            case .ipip:
                link.kind = .ipip
                link.tunnel = Link.Tunnel(local: local, remote: remote, setsDontFragment: true)
            }
            return link
        }
    }

    private func topology(_ kind: Kind, uplinkMTU: UInt32 = 1500) -> Topology {
        let isIPv4 = kind != .vxlanOverIPv6
        func host(_ name: String, _ own: IPAddress, _ link: Link, peer: String) -> Namespace {
            Namespace(
                name: name, inode: name == "one" ? 51 : 52, path: "/run/netns/\(name)",
                links: [
                    loopback(),
                    Link(
                        name: "up0", index: 2, kind: "veth", mac: mac(name == "one" ? 0x82 : 0x83),
                        mtu: name == "one" ? 1500 : uplinkMTU,
                        addresses: [prefix("\(own)/\(isIPv4 ? 24 : 64)")],
                        peer: Link.Peer(namespace: peer, device: "up0")),
                    link,
                ],
                routes: [
                    Route(destination: prefix(isIPv4 ? "203.0.113.0/24" : "2001:db8:113::/64"), device: "up0"),
                    Route(destination: prefix("10.1.0.0/24"), device: "tun0"),
                ], sysctls: sysctls(forwarding: false, devices: ["up0", "tun0"]))
        }
        return Topology(
            host: "t", time: "",
            namespaces: [
                host(
                    "one", kind.local, kind.link(0x80, "10.1.0.1/24", local: kind.local, remote: kind.remote),
                    peer: "two"),
                host(
                    "two", kind.remote, kind.link(0x81, "10.1.0.2/24", local: kind.remote, remote: kind.local),
                    peer: "one"),
            ])
    }

    private var probe = Probe(source: "10.1.0.1", destination: "10.1.0.2")

    /// A walk of the echo request, in the tunnel from the third sighting on.
    private func walk(_ kind: Kind, _ outcome: Walk.Outcome, _ sights: [Sight], stop: Stop? = nil) -> Walk {
        var walk = probe.walk(outcome, through: [.sent("one"), .out("one", "tun0")] + sights, stop: stop)
        for index in walk.hops.indices.dropFirst(2) { walk.hops[index].packet.encapsulation = kind.encapsulation }
        return walk
    }

    private func findings(_ walk: Walk, _ topology: Topology) -> [Finding] {
        Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: topology)).findings
    }

    private func adding(_ chain: RuleChain, to name: String, of topology: Topology) -> Topology {
        var topology = topology
        for index in topology.namespaces.indices where topology.namespaces[index].name == name {
            topology.namespaces[index].netfilter.chains.append(chain)
        }
        return topology
    }

    private let dropped = Stop(
        namespace: "two", hook: .input, cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain"))

    @Test("the other host's input drops it: the fix opens the outer flow only", arguments: Kind.allCases)
    func input(kind: Kind) throws {
        let topology = adding(
            iptables("filter", "INPUT", family: kind.family, rules: ["\(kind.match) -j DROP"]), to: "two",
            of: topology(kind))
        let sights: [Sight] = [
            .hook("one", .output, .filter), .out("one", "up0"), .into("two", "up0"), .hook("two", .input, .filter),
        ]
        let first = try #require(findings(walk(kind, .dropped, sights, stop: dropped), topology).first)
        #expect(first.code == "rule-drop" && first.severity == .error)
        #expect(first.where == Finding.Place(namespace: "two", hook: .input, device: "up0"))
        #expect(first.message.contains("\(kind.local) > \(kind.remote)"))
        #expect(first.message.contains("carries 10.1.0.1 > 10.1.0.2"))
        let commands = first.remedy?.commands ?? []
        #expect(commands.count == 1)
        #expect(commands.first?.hasSuffix("-I INPUT 1 -i up0 \(kind.accept)") == true, "\(commands)")
    }

    @Test("the sender's own output drops it, before any outer packet is seen", arguments: Kind.allCases)
    func output(kind: Kind) {
        let topology = adding(
            iptables("filter", "OUTPUT", family: kind.family, rules: ["\(kind.match) -j DROP"]), to: "one",
            of: topology(kind))
        let first = findings(walk(kind, .lost, []), topology).first
        #expect(first?.code == "rule-drop")
        #expect(first?.where == Finding.Place(namespace: "one", hook: .output, device: "up0"))
        #expect(first?.remedy?.commands.first?.hasSuffix("-o up0 \(kind.accept)") == true)
    }

    @Test("a rule for what is inside does not concern it", arguments: Kind.allCases)
    func inner(kind: Kind) {
        let topology = adding(
            iptables("filter", "INPUT", rules: ["-i up0 -s 10.1.0.1 -j DROP", "-i up0 -p icmp -j DROP"]), to: "two",
            of: topology(kind))
        let findings = findings(walk(kind, .lost, [.out("one", "up0"), .into("two", "up0")]), topology)
        #expect(findings.first?.code == "lost-unexplained")
    }

    @Test("where both hosts' policies drop it, the fix opens both")
    func bothWays() {
        var topology = topology(.vxlan)
        for name in ["one", "two"] {
            topology = adding(
                iptables("filter", "INPUT", policy: "drop", rules: ["-p icmp -j ACCEPT"]), to: name, of: topology)
        }
        let sights: [Sight] = [.out("one", "up0"), .into("two", "up0"), .hook("two", .input, .filter)]
        let first = findings(walk(.vxlan, .dropped, sights, stop: dropped), topology).first
        #expect(first?.code == "policy-drop")
        #expect(first?.where.namespace == "two")
        let commands = first?.remedy?.commands ?? []
        #expect(commands.count == 2)
        #expect(commands.last?.contains("-s 203.0.113.6 -d 203.0.113.5 -p udp --dport 8472") == true, "\(commands)")
    }

    @Test("ARP through the tunnel is what fails: either direction's rule is found", arguments: ["two", "one"])
    func neighbour(place: String) {
        var topology = adding(
            iptables("filter", "INPUT", rules: ["-p udp -m udp --dport 8472 -j DROP"]), to: place, of: topology(.vxlan))
        topology.namespaces[0].neighbors = [Neighbor(address: address("10.1.0.2"), device: "tun0", state: "failed")]
        let stop = Stop(
            namespace: "one", device: "tun0",
            cause: .kernelDrop(reason: "NEIGH_FAILED", location: "neigh_invalidate"))
        let walk = probe.walk(.dropped, through: [.sent("one")], stop: stop)
        let first = findings(walk, topology).first
        #expect(first?.code == "rule-drop")
        #expect(first?.where.namespace == place)
        #expect(first?.where.hook == .input)
    }

    @Test("is longer by the headers of its kind", arguments: Kind.allCases)
    func overhead(kind: Kind) throws {
        // IP 20 or 40, UDP 8, VXLAN 8, Ethernet 14, GRE with a key 8.
        let bytes: UInt32 =
            switch kind {
            case .vxlan: 50
            case .vxlanOverIPv6: 70
            case .gre: 28
            case .ipip: 20
            }
        let inner = PacketState(
            source: address("10.1.0.1"), destination: address("10.1.0.2"), ipProtocol: .icmp, length: 1400)
        let carrier = try #require(Carrier(inner, in: kind.encapsulation, topology(kind)))
        #expect(carrier.overhead == bytes)
        #expect(carrier.packet.length == 1400 + bytes)
        #expect(carrier.packet.destinationPort == (carrier.kind == .vxlan ? 8472 : nil))
    }

    @Test(
        "the MTU of the other host's uplink counts with the headers",
        arguments: [(1354 as UInt32, true), (1353, false)])
    func size(length: UInt32, isTooLong: Bool) {
        var long = self
        long.probe.length = length
        // 50 bytes more, and 1403 are taken: the MTU, and room for a VLAN tag.
        let first = long.findings(
            long.walk(.vxlan, .lost, [.out("one", "up0")]), topology(.vxlan, uplinkMTU: 1399)
        ).first
        #expect((first?.code == "mtu-exceeded") == isTooLong)
        if isTooLong { #expect(first?.where == Finding.Place(namespace: "two", device: "up0")) }
    }

    @Test("a private source inside is no missing source NAT where the outer packet leaves")
    func left() {
        var topology = topology(.vxlan)
        topology.namespaces.remove(at: 1)
        topology.namespaces[0].links[1].peer = nil
        topology.namespaces[0].links[1].kind = "ethernet"
        let first = findings(walk(.vxlan, .left, [.out("one", "up0")]), topology).first
        #expect(first?.code == "no-answer")
    }

    @Test(
        "the fix names the address of the far end that the sender routes to, not its first",
        arguments: [nil, RouteKind.blackhole])
    func routableFarEnd(kind: RouteKind?) {
        var topology = topology(.vxlan)
        topology.namespaces[0].links[2].vxlan?.remote = "203.0.113.99"
        topology.namespaces[1].links[2].vxlan?.local = nil
        topology.namespaces[1].links[1].addresses.insert(prefix("198.51.100.6/24"), at: 0)
        if let kind { topology.namespaces[0].routes.append(Route(destination: prefix("198.51.100.0/24"), kind: kind)) }
        let first = findings(walk(.vxlan, .lost, []), topology).first
        #expect(first?.code == "vxlan-unreachable")
        #expect(
            first?.remedy?.commands.map { $0.hasSuffix("bridge fdb append 00:00:00:00:00:00 dev tun0 dst 203.0.113.6") }
                == [true], "\(first?.remedy?.commands ?? [])")
    }

    // MARK: The forwarding database

    private func waiting(_ change: (inout Link.VXLAN) -> Void) -> Finding? {
        var topology = topology(.vxlan)
        topology.namespaces[0].neighbors = [Neighbor(address: address("10.1.0.2"), device: "tun0", state: "failed")]
        topology.namespaces[0].links[2].vxlan.map { vxlan in
            var changed = vxlan
            change(&changed)
            topology.namespaces[0].links[2].vxlan = changed
        }
        let stop = Stop(
            namespace: "one", device: "tun0",
            cause: .kernelDrop(reason: "NEIGH_FAILED", location: "neigh_invalidate"))
        return findings(probe.walk(.dropped, through: [.sent("one")], stop: stop), topology).first
    }

    @Test("an entry that was made for another end keeps out what comes from the right one")
    func wrongEntry() {
        let found = waiting {
            $0.fdb = [FDBEntry(mac: mac(0x81), destination: "203.0.113.99", permanent: true)]
        }
        #expect(found?.code == "vxlan-unreachable")
        #expect(
            found?.remedy?.commands.first?.hasSuffix("bridge fdb replace 02:00:00:00:00:81 dev tun0 dst 203.0.113.6")
                == true, "\(found?.remedy?.commands ?? [])")
    }

    @Test("one that was learned is learned anew while the address is asked for")
    func learnedEntry() {
        let found = waiting { $0.fdb = [FDBEntry(mac: mac(0x81), destination: "203.0.113.99")] }
        #expect(found?.code != "vxlan-unreachable")
    }

    @Test("the other end takes packets for each of its addresses, whatever its own packets come from")
    func localOfFarEnd() {
        var topology = topology(.vxlan)
        topology.namespaces[1].links[2].vxlan?.local = "203.0.113.66"
        #expect(!findings(walk(.vxlan, .lost, []), topology).contains { $0.code == "vxlan-unreachable" })
    }

    @Test("another group", arguments: [("239.1.1.1" as IPAddress, false), ("239.1.1.2", true)])
    func group(other: IPAddress, isFault: Bool) {
        var topology = topology(.vxlan)
        topology.namespaces[0].links[2].vxlan?.remote = "239.1.1.1"
        topology.namespaces[1].links[2].vxlan?.remote = other
        let found = findings(walk(.vxlan, .lost, []), topology).first
        #expect((found?.code == "vxlan-unreachable") == isFault)
        #expect(found?.remedy == nil)
    }
}
