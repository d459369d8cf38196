import Network
import Testing
import Wire

@testable import Views

/// Maps of networks that have too much in them for a screen, and what of a firewall stands on one. All by hand.
@Suite struct MapFoldTests {
    private func text(_ topology: Topology, width: Int = 100, _ verbosity: Verbosity = .normal) throws -> [String] {
        try MapRenderer(format: .text, options: RenderOptions(width: width, verbosity: verbosity)).render(topology)
            .split(separator: "\n").map(String.init)
    }

    /// `count` namespaces, each with a network of its own on a wire to the host; the host's end of one of them has another MTU.
    private static func spokes(_ count: Int, odd: Int? = nil) -> Topology {
        var host = Namespace(
            name: "host", inode: 1, path: "", links: [SampleNetworks.loopback()], sysctls: ["net.ipv4.ip_forward": "1"])
        var others: [Namespace] = []
        for number in 1...count {
            func address(_ last: Int) -> String { "10.\(number / 64).\(number % 64 * 4).\(last)" }
            host.links.append(
                SampleNetworks.veth(
                    "v\(number)", UInt32(10 + number), to: ("c\(number)", "eth0"), "\(address(1))/30"))
            let link = SampleNetworks.veth("eth0", 2, to: ("host", "v\(number)"), "\(address(2))/30")
            if number == odd { host.links[number].mtu = 1400 }
            others.append(
                Namespace(
                    name: "c\(number)", inode: UInt64(100 + number), path: "",
                    links: [SampleNetworks.loopback(), link],
                    routes: SampleNetworks.route("default", via: address(1), on: "eth0")))
        }
        return Topology(host: "lab", time: "", namespaces: [host] + others)
    }

    @Test func aThousandThatDifferInTheirAddressFitOnAScreen() throws {
        #expect(
            try text(Self.spokes(1000)) == [
                " ┌ host ────────────────────────┐",
                " │ v1  10.0.4.1/30 ─────────────┼── c1 eth0 10.0.4.2/30",
                " │                              │   default via 10.0.4.1 on eth0",
                " │ ┆                            │   … 998 more like c1 (-v lists them)",
                " │ v1000  10.15.160.1/30 ───────┼── c1000 eth0 10.15.160.2/30",
                " │                              │",
                " │ forwards IPv4                │",
                " └──────────────────────────────┘",
            ])
        #expect(try text(Self.spokes(1000), .verbose).count > 2000)
    }

    @Test func theOddOneIsSeen() throws {
        let lines = try text(Self.spokes(50, odd: 17))
        #expect(lines.contains { $0.contains("… 47 more like c1 ") })
        #expect(lines.contains { $0.contains("v17  mtu 1400  10.0.68.1/30") })
        #expect(lines.contains { $0.contains("c50 eth0") })
        // A few are drawn one by one.
        #expect(try text(Self.spokes(6)).count { $0.contains("default via") } == 6)
    }

    /// Namespaces with a box of their own each, since each has a second wire.
    @Test func boxesThatAreAlikeAreDrawnOnce() throws {
        var topology = Self.spokes(40)
        for number in 1...40 {
            topology.namespaces[number].links.append(
                SampleNetworks.veth("eth1", 3, to: ("tail\(number)", "eth0"), "192.0.2.\(number)/32"))
            topology.namespaces.append(
                Namespace(
                    name: "tail\(number)", inode: UInt64(1000 + number), path: "",
                    links: [SampleNetworks.loopback(), SampleNetworks.veth("eth0", 2, to: ("c\(number)", "eth1"))]))
        }
        let lines = try text(topology)
        #expect(lines.filter { $0.hasPrefix(" … ") } == [" … 39 more like c1: c2, c3 … c40 (-v lists them)"])
        #expect(lines.count { $0.contains(" ┌ c") } == 1)
        // Nor has the host a row for each of them.
        #expect(lines.contains { $0.contains("┆ ") && $0.hasSuffix("… 39 more like c1 (-v lists them)") })
        #expect(!lines.contains { $0.contains("── c2 ") || $0.contains("── c40 ") })
        let picture = MapSVG(MapLayout(topology, verbosity: .normal)).document().render()
        #expect(xmlFault(picture) == nil)
        #expect(picture.contains("c1  … 39 more like it: c2, c3 … c40<"))
    }

    @Test func namespacesWithNothingInThemAreCounted() throws {
        var topology = SampleNetworks.base
        for number in 1...1000 {
            topology.namespaces.append(
                Namespace(
                    name: "e\(number)", inode: UInt64(9000 + number), path: "", links: [SampleNetworks.loopback()]))
        }
        let lines = try text(topology)
        #expect(lines.count < 30)
        let all = lines.suffix(2).joined(separator: " ")
        #expect(all.contains("with nothing but lo: e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12 and 988 more"))
    }

    @Test func dockersResolverIsALine() throws {
        var topology = SampleNetworks.base
        func rule(_ chain: String, _ position: Int, _ kind: TranslationKind) -> NATRule {
            NATRule(
                kind: kind,
                rule: RuleReference(
                    family: "ip", table: "nat", chain: chain, position: position, backend: "iptables-nft"),
                match: "127.0.0.11", to: "127.0.0.11:37021")
        }
        topology.namespaces[1].netfilter.nat = [
            rule("DOCKER_OUTPUT", 1, .dnat), rule("DOCKER_OUTPUT", 2, .dnat), rule("DOCKER_POSTROUTING", 1, .snat),
            rule("DOCKER_POSTROUTING", 2, .snat),
        ]
        let lines = try text(topology)
        #expect(lines.count { $0.contains("127.0.0.11") } == 1)
        #expect(lines.contains { $0.hasSuffix("Docker's embedded DNS at 127.0.0.11") })
        #expect(try text(topology, .verbose).count { $0.contains("127.0.0.11:37021") } == 4)
        // Twenty of them fold as any others do.
        var many = SampleNetworks.many(20)
        for index in many.namespaces.indices.dropFirst(2) {
            many.namespaces[index].netfilter = topology.namespaces[1].netfilter
            for place in many.namespaces[index].netfilter.nat.indices {
                many.namespaces[index].netfilter.nat[place].to = "127.0.0.11:\(30_000 + index)"
            }
        }
        #expect(try text(many).count < 20)
    }

    @Test func rulesThatSayTheSameAreALine() throws {
        var topology = SampleNetworks.base
        topology.namespaces[0].netfilter.nat = (3...5).map { position in
            NATRule(
                kind: .masquerade,
                rule: RuleReference(
                    family: "ip", table: "nat", chain: "LIBVIRT_PRT", position: position, backend: "iptables-nft"),
                match: "192.168.122.0/24")
        }
        let lines = try text(topology)
        #expect(lines.count { $0.contains("192.168.122.0/24 ⇒") } == 1)
        #expect(lines.joined().contains("LIBVIRT_PRT 3"))
        #expect(lines.joined(separator: " ").contains("and 2 more"))
        #expect(try text(topology, .verbose).count { $0.contains("192.168.122.0/24 ⇒") } == 3)
    }

    @Test func routersStandInTheOrderOfTheirChain() throws {
        let count = 12
        var namespaces: [Namespace] = []
        for number in 1...count {
            var namespace = Namespace(
                name: "r\(number)", inode: UInt64(number), path: "", links: [SampleNetworks.loopback()])
            if number > 1 {
                namespace.links.append(
                    SampleNetworks.veth("w", 2, to: ("r\(number - 1)", "e"), "10.0.\(number - 1).2/24"))
            }
            if number < count {
                namespace.links.append(SampleNetworks.veth("e", 3, to: ("r\(number + 1)", "w"), "10.0.\(number).1/24"))
            }
            namespaces.append(namespace)
        }
        // As they are discovered: r1, r10, r11, r12, r2, …
        let topology = Topology(host: "lab", time: "", namespaces: namespaces.sorted { $0.name < $1.name })
        let lines = try text(topology)
        #expect(lines[0] == " r1 ── r2 ── r3 ── r4 ── r5 ── r6 ── r7 ── r8 ── r9 ── r10 ── r11 ── r12")
        let boxes = lines.compactMap { line in line.hasPrefix(" ┌ r") ? line.split(separator: " ")[1] : nil }
        #expect(boxes == ["r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"])
    }

    @Test func theOrderFollowsTheWiresAndNotTheNames() {
        // z is between a and m; b is alone.
        let wires: [(name: String, to: [String])] = [
            ("m", ["z"]), ("a", ["z"]), ("b", []), ("z", ["a", "m"]), ("host", []),
        ]
        let namespaces = wires.enumerated().map { index, wire in
            let links = wire.to.enumerated().map { position, other in
                SampleNetworks.veth("to" + other, UInt32(position + 2), to: (other, "to" + wire.name))
            }
            return Namespace(name: wire.name, inode: UInt64(index + 1), path: "", links: links)
        }
        let graph = NetworkGraph(Topology(host: "", time: "", namespaces: namespaces))
        let names = MapOrder(graph).positions().map { namespaces[$0].name }
        #expect(names == ["host", "a", "z", "m", "b"])
        #expect(MapOrder(graph).chains() == [])
    }

    @Test func namesAreComparedAsPeopleCount() {
        let names = ["r10", "r2", "r1", "r02", "a", "r", "10", "9", "r2b", "r2a"]
        #expect(
            names.sorted(by: NaturalOrder.isBefore) == ["9", "10", "a", "r", "r1", "r02", "r2", "r2a", "r2b", "r10"])
    }

    @Test func aFirewallIsAFewLines() throws {
        var topology = SampleNetworks.base
        func chain(_ name: String, _ policy: Verdict?, _ rules: [String]) -> RuleChain {
            RuleChain(
                backend: "iptables-nft", family: "ip", table: "filter", name: name,
                hook: NetfilterHook(known: name.lowercased()), policy: policy,
                rules: rules.enumerated().map { Rule(position: $0.offset + 1, text: "-A \(name) \($0.element)") })
        }
        topology.namespaces[0].netfilter.chains = [
            chain("INPUT", "drop", ["-i lo -j ACCEPT", "-p icmp -j DROP"]),
            chain("FORWARD", "drop", ["-j GUESTS"]), chain("OUTPUT", "accept", []),
            chain(
                "GUESTS", nil,
                [
                    "-d 10.0.0.0/8 -j DROP", "-d 192.168.0.0/16 -j DROP", "-p tcp -m tcp --dport 25 -j REJECT",
                    "-j RETURN",
                ]
            ),
        ]
        let lines = try text(topology, width: 120).filter { $0.contains("policy ") || $0.contains("drops ") }
            .map { $0.dropFirst(3).split(separator: "│")[0].reversed().drop { $0 == " " }.reversed() }.map {
                String($0)
            }
        #expect(
            lines == [
                "policy  ! iptables filter INPUT and FORWARD drop what no rule accepts",
                "drops  iptables filter INPUT 2: -p icmp -j DROP",
                "drops  iptables filter GUESTS: 2 rules drop, 1 rejects",
            ])
    }

    @Test func routesByOneGatewayAreOneLine() throws {
        var topology = SampleNetworks.base
        for number in 1...5 {
            topology.namespaces[0].routes += SampleNetworks.route("10.\(number).0.0/16", via: "203.0.113.9", on: "eth0")
        }
        let lines = try text(topology, width: 140)
        #expect(lines.contains { $0.contains("route  10.1.0.0/16, 10.2.0.0/16 and 3 more via 203.0.113.9 on eth0") })
        #expect(try text(topology, .verbose).contains { $0.contains("route  10.5.0.0/16 via 203.0.113.9 on eth0") })
    }

    @Test func ofAPartNothingLeadsOut() throws {
        var topology = SampleNetworks.base
        topology.namespaces.removeAll { $0.name == "other" }
        var renderer = MapRenderer(format: .text, options: RenderOptions(width: 100))
        renderer.isPart = true
        #expect(try !renderer.render(topology).contains("veth2"))
        // One namespace alone still says where its wires go.
        renderer.isPart = false
        #expect(try renderer.render(topology).contains("── other veth3"))
        #expect(try !renderer.render(topology).contains("could not be read"))
    }

    @Test func portsSayWhoListensAndWhatPublishesThem() throws {
        var topology = SampleNetworks.base
        topology.namespaces[0].listeners = [
            Listener(protocol: .tcp, address: "0.0.0.0", port: 22, process: "sshd"),
            Listener(protocol: .tcp, address: "::", port: 22, process: "sshd"),
            Listener(protocol: .udp, address: "127.0.0.53", port: 53, process: "resolved"),
        ]
        topology.namespaces[1].listeners = [Listener(protocol: .tcp, address: "0.0.0.0", port: 80, process: "nginx")]
        func publication(_ port: Int, _ to: String) -> NATRule {
            NATRule(
                kind: .dnat, rule: RuleReference(family: "ip", table: "nat", chain: "PREROUTING", position: port),
                match: "tcp dport \(port)", to: to)
        }
        topology.namespaces[0].netfilter.nat += [
            publication(8080, "172.19.0.2:80"), publication(8443, "172.19.0.3:443"),
        ]
        let renderer = MapRenderer(format: .text, options: RenderOptions(width: 100))
        #expect(
            renderer.renderPorts(topology).split(separator: "\n").map(String.init) == [
                "  namespace       port    address     process",
                "  host            tcp 22  * [*]       sshd",
                "  host            udp 53  127.0.0.53  resolved",
                "  mynamespace     tcp 80  *           nginx     published by host: tcp dport 8080",
                "! 172.19.0.3:443                      nobody    published by host: tcp dport 8443",
            ])
        topology.namespaces = []
        #expect(renderer.renderPorts(topology) == "no socket listens\n")
    }
}
