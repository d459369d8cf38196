import Network
import Testing
import Wire

@Suite struct RouteLookupTests {
    private static func namespace(_ rules: [RoutingRule] = []) throws -> Namespace {
        let near = try #require(IPPrefix("172.19.0.2/24"))
        let everything = try #require(IPPrefix("0.0.0.0/0"))
        let gateway = try #require(IPAddress("172.19.0.1"))
        return Namespace(
            name: "n", inode: 1, path: "", links: [Link(name: "veth1", index: 2, kind: .veth, addresses: [near])],
            routes: [
                Route(destination: everything, gateway: gateway, device: "veth1", metric: 100),
                Route(destination: everything, device: "veth1", metric: 50),
                Route(destination: near.network, device: "veth1"),
                Route(destination: everything, kind: .blackhole, table: 100),
            ], rules: rules)
    }

    private static func look(_ namespace: Namespace, _ text: String, mark: UInt32 = 0) throws -> RouteChoice {
        namespace.lookUpRoute(to: try #require(IPAddress(text)), source: nil, mark: mark, inDevice: nil)
    }

    @Test("the longest prefix wins, then the lowest metric")
    func choosesRoute() throws {
        let namespace = try Self.namespace()
        #expect(try Self.look(namespace, "172.19.0.9").route?.destination.length == 24)
        #expect(try Self.look(namespace, "198.51.100.1").route?.metric == 50)
        #expect(try Self.look(namespace, "172.19.0.2").kind == .local)
        #expect(try Self.look(namespace, "198.51.100.1").text == "default dev veth1")
    }

    @Test("a rule with a mark leads to its own table; `throw` and an empty table lead on")
    func followsRules() throws {
        let rules = [
            RoutingRule(priority: 10, family: 4, mark: 7, table: 100), RoutingRule(priority: 20, family: 4, table: 9),
            RoutingRule(priority: 32766, family: 4), RoutingRule(priority: 5, family: 6, action: .prohibit),
        ]
        let namespace = try Self.namespace(rules)
        let marked = try Self.look(namespace, "198.51.100.1", mark: 7)
        #expect(marked.kind == .blackhole && marked.table == 100 && marked.tables == [100])
        let plain = try Self.look(namespace, "198.51.100.1")
        #expect(plain.kind == .unicast && plain.table == .main && plain.tables == [9, .main])
        #expect(try Self.look(namespace, "2001:db8::1").kind == .prohibit)
    }

    @Test("no route where no table has one")
    func findsNothing() throws {
        var namespace = try Self.namespace()
        namespace.routes.removeAll { $0.destination.length == 0 }
        let choice = try Self.look(namespace, "198.51.100.1")
        #expect(choice.kind == nil && choice.text == "no route" && choice.tables == [.local, .main, .default])
    }

    @Test("a rule that is inverted matches what its conditions do not")
    func invertedRule() throws {
        var rule = RoutingRule(priority: 10, family: 4, mark: 0xca6c, table: 100)
        rule.detail = "not"
        rule.selectors = RoutingRule.Selectors()
        rule.selectors?.isInverted = true
        let namespace = try Self.namespace([rule, RoutingRule(priority: 32766, family: 4)])
        #expect(try Self.look(namespace, "198.51.100.1").kind == .blackhole)
        #expect(try Self.look(namespace, "198.51.100.1", mark: 0xca6c).kind == .unicast)
        // An older recording says no more than the word.
        rule.selectors = nil
        let older = try Self.namespace([rule, RoutingRule(priority: 32766, family: 4)])
        #expect(try Self.look(older, "198.51.100.1").kind == .unicast)
    }

    @Test(
        "a rule that asks for a protocol and ports matches packets that have them, and none where they are not known",
        arguments: [
            (IPProtocol.tcp, 40000, 80, true), (.tcp, 40000, 81, false), (.udp, 40000, 80, false),
            (.icmp, nil, nil, false), (.tcp, nil, nil, false), (nil, nil, nil, false),
        ] as [(IPProtocol?, UInt16?, UInt16?, Bool)])
    func rulesOnPorts(ipProtocol: IPProtocol?, sourcePort: UInt16?, destinationPort: UInt16?, matches: Bool) throws {
        let flow = ipProtocol.map {
            RoutedFlow(ipProtocol: $0, sourcePort: sourcePort, destinationPort: destinationPort)
        }
        var rule = RoutingRule(priority: 10, family: 4, table: 100)
        rule.detail = "ipproto tcp dport 80"
        rule.selectors = RoutingRule.Selectors()
        rule.selectors?.ipProtocol = 6
        rule.selectors?.destinationPorts = 80...80
        let destination = try #require(IPAddress("198.51.100.1"))
        func kind() throws -> RouteKind? {
            let namespace = try Self.namespace([rule, RoutingRule(priority: 32766, family: 4)])
            return namespace.lookUpRoute(to: destination, source: nil, mark: 0, inDevice: nil, flow: flow).kind
        }
        #expect(try kind() == (matches ? .blackhole : .unicast))
        // `not`: what is not known matches neither.
        rule.selectors?.isInverted = true
        let isKnown = ipProtocol == .icmp || ipProtocol == .udp || destinationPort != nil
        #expect(try kind() == (matches || !isKnown ? .unicast : .blackhole))
        // A user can't be known.
        rule.selectors?.isInverted = false
        rule.selectors?.users = 0...0
        #expect(try kind() == .unicast)
    }

    @Test("of the rules that may lead to a table, one whose ports are others than the packet's is none")
    func rulesToTable() throws {
        var rule = RoutingRule(priority: 10, family: 4, table: 100)
        rule.detail = "sport 443-444"
        rule.selectors = RoutingRule.Selectors()
        rule.selectors?.sourcePorts = 443...444
        let namespace = try Self.namespace([rule])
        let destination = try #require(IPAddress("198.51.100.1"))
        func count(_ flow: RoutedFlow?) -> Int {
            namespace.rules(to: 100, destination, source: nil, mark: 0, inDevice: nil, flow: flow).count
        }
        #expect(count(RoutedFlow(ipProtocol: .udp, sourcePort: 444, destinationPort: 9)) == 1)
        #expect(count(RoutedFlow(ipProtocol: .udp, sourcePort: 445, destinationPort: 9)) == 0)
        #expect(count(RoutedFlow(ipProtocol: .icmp, sourcePort: nil, destinationPort: nil)) == 0)
        #expect(count(nil) == 1)
    }

    @Test("a rule passes over the routes whose prefix is too short for it")
    func suppressedRoute() throws {
        var rule = RoutingRule(priority: 10, family: 4)
        rule.detail = "suppress_prefixlength 0"
        rule.selectors = RoutingRule.Selectors()
        rule.selectors?.suppressPrefixLength = 0
        let namespace = try Self.namespace([rule, RoutingRule(priority: 20, family: 4, table: 100)])
        #expect(try Self.look(namespace, "198.51.100.1").table == 100)
        #expect(try Self.look(namespace, "172.19.0.9").table == .main)
        #expect(!rule.isDefault)
    }

    @Test("a rule that asks for ports is passed over, whatever it makes of them")
    func undecidedRule() throws {
        var rule = RoutingRule(priority: 10, family: 4, table: 100)
        rule.selectors = RoutingRule.Selectors()
        rule.selectors?.destinationPorts = 80...80
        rule.selectors?.isInverted = true
        let namespace = try Self.namespace([rule, RoutingRule(priority: 32766, family: 4)])
        #expect(try Self.look(namespace, "198.51.100.1").table == .main)
    }

    @Test("neither a route of one TOS nor a next hop whose device is down is chosen")
    func passesOverRoutes() throws {
        var namespace = try Self.namespace()
        var special = Route(destination: try #require(IPPrefix("198.51.100.0/24")), device: "other")
        special.tos = 0x10
        var several = Route(destination: try #require(IPPrefix("203.0.113.0/24")))
        var dead = Route.NextHop(gateway: IPAddress("172.19.0.3"), device: "veth1")
        dead.flags = [.dead, .linkDown]
        several.nextHops = [dead, Route.NextHop(gateway: IPAddress("172.19.0.4"), device: "veth1")]
        namespace.routes += [special, several]
        #expect(try Self.look(namespace, "198.51.100.1").device == "veth1")
        #expect(try Self.look(namespace, "203.0.113.1").gateway == IPAddress("172.19.0.4"))
    }
}
