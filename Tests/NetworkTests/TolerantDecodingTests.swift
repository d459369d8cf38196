import FoundationEssentials
import Network
import Testing
import Wire

/// Maps that were written by hand, by older versions and by later ones.
@Suite struct TolerantDecodingTests {
    private func decode(_ json: String) throws -> Topology {
        try JSONDecoder().decode(Topology.self, from: Data(json.utf8))
    }

    private func map(_ namespace: String) -> String {
        #"{"schema":"packetwalk.map/1","namespaces":[{"name":"a","inode":7,\#(namespace)}]}"#
    }

    @Test("a map of names alone is a network with nothing in it")
    func namesAlone() throws {
        let topology = try decode(#"{"schema":"packetwalk.map/1","namespaces":[{"name":"a","inode":7}]}"#)
        #expect(topology == Topology(host: "", time: "", namespaces: [Namespace(name: "a", inode: 7, path: "")]))
    }

    @Test("missing keys have their defaults, in every kind of value")
    func defaults() throws {
        let json = map(
            #"""
            "links":[{"name":"br0","index":2,"kind":"bridge","bridge":{"fdb":[{"mac":"02:00:00:00:00:01"}]},
              "queue":{"handle":"1:"}},
             {"name":"p0","index":3,"bridge_port":{},"peer":{"device":"p1"},"vxlan":{"id":5}}],
            "routes":[{"destination":"192.0.2.0/24","next_hops":[{"device":"p0"}]}],
            "rules":[{"priority":5}],
            "neighbors":[{"address":"192.0.2.1","device":"p0"}],
            "listeners":[{"protocol":"tcp","address":"0.0.0.0","port":80}],
            "netfilter":{"chains":[{"backend":"nft","family":"ip","table":"t","name":"c","rules":[{"position":1}]}],
              "sets":[{"family":"ip","table":"t","name":"s"}]}
            """#)
        let namespace = try #require(try decode(json).namespaces.first)
        let bridge = try #require(namespace.links.first)
        #expect(bridge.bridge?.vlanFiltering == false && bridge.bridge?.stp == false)
        #expect(bridge.bridge?.fdb.first?.permanent == false)
        #expect(bridge.queue == Link.Queue(handle: "1:"))
        #expect(!bridge.isUp && !bridge.hasCarrier && bridge.state == .unknown && bridge.mtu == 1500)
        let port = namespace.links[1]
        #expect(port.kind == .ethernet)
        #expect(port.bridgePort == Link.BridgePort(state: .forwarding))
        #expect(port.peer == Link.Peer(namespace: nil, device: "p1"))
        #expect(port.vxlan == Link.VXLAN(identifier: 5, port: 4789))
        let destination = try #require(IPPrefix("192.0.2.0/24"))
        #expect(
            namespace.routes == [
                Route(destination: destination, nextHops: [Route.NextHop(gateway: nil, device: "p0", weight: 1)])
            ])
        #expect(namespace.rules == [RoutingRule(priority: 5, family: 0)])
        let address = try #require(IPAddress("192.0.2.1"))
        #expect(namespace.neighbors == [Neighbor(address: address, device: "p0", state: .none)])
        #expect(namespace.listeners == [Listener(protocol: "tcp", address: IPAddress(ipv4: 0), port: 80)])
        let chain = RuleChain(backend: .nft, family: .ip, table: "t", name: "c", rules: [Rule(position: 1, text: "")])
        #expect(namespace.netfilter == Netfilter(chains: [chain], sets: [NamedSet(family: .ip, table: "t", name: "s")]))
    }

    @Test("null counts as missing, and unknown keys are passed over")
    func nullAndUnknown() throws {
        let json = map(#""links":null,"routes":[{"destination":"::/0","metric":null,"colour":{"of":[1]}}],"later":3"#)
        let namespace = try #require(try decode(json).namespaces.first)
        #expect(namespace.links.isEmpty && namespace.routes.map(\.metric) == [0])
    }

    @Test("unknown words are kept")
    func unknownWords() throws {
        let json = map(
            #""links":[{"name":"x0","index":2,"kind":"hyperlink","state":"asleep"}],"#
                + #""routes":[{"destination":"192.0.2.1/32","kind":"teleport","origin":"99","flags":["sparkling"]}]"#)
        let namespace = try #require(try decode(json).namespaces.first)
        #expect(namespace.links.first?.kind == "hyperlink" && namespace.links.first?.state == "asleep")
        #expect(namespace.routes.first?.kind == "teleport" && namespace.routes.first?.flags == ["sparkling"])
    }

    @Test("a chain of a hook that is not known is kept, and those beside it are read")
    func unknownHook() throws {
        let json = map(
            #""netfilter":{"chains":["#
                + #"{"backend":"nft","family":"inet","table":"t","name":"a","hook":"midrouting","priority":0},"#
                + #"{"backend":"nft","family":"inet","table":"t","name":"b","hook":"forward","kind":"filter"}]}"#)
        let topology = try decode(json)
        let chains = try #require(topology.namespaces.first).netfilter.chains
        #expect(chains.map(\.hook) == ["midrouting", .forward])
        let again = try decode(String(decoding: JSONEncoder().encode(topology), as: UTF8.self))
        #expect(again == topology)
        #expect(NetfilterHook(known: "midrouting") == nil && NetfilterHook(known: "egress") == .egress)
    }

    @Test(
        "what identifies a value may not be missing",
        arguments: [
            (#"{"schema":"packetwalk.map/1","namespaces":[{"inode":7}]}"#, "name"),
            (#"{"schema":"packetwalk.map/1","namespaces":[{"name":"a"}]}"#, "inode"),
            (#"{"schema":"packetwalk.map/1","namespaces":[{"name":"a","inode":7,"links":[{"index":2}]}]}"#, "name"),
            (#"{"schema":"packetwalk.map/1","namespaces":[{"name":"a","inode":7,"routes":[{}]}]}"#, "destination"),
        ])
    func identities(json: String, key: String) throws {
        let error = #expect(throws: DecodingError.self) { try decode(json) }
        guard case .keyNotFound(let missing, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(missing.stringValue == key)
    }

    @Test("a later minor version is read, and written as the version that this is")
    func minorVersion() throws {
        let topology = try decode(#"{"schema":"packetwalk.map/1.7","host":"h"}"#)
        #expect(topology.schema == "packetwalk.map/1" && topology.host == "h")
    }

    @Test(
        "another schema, and a newer version, is refused in one line",
        arguments: [
            (#"{"schema":"packetwalk.map/2"}"#, #"a map of schema "packetwalk.map/2""#),
            (#"{"schema":"packetwalk.map/10"}"#, #"a map of schema "packetwalk.map/10""#),
            (#"{"schema":"packetwalk.walk/1"}"#, #"a map of schema "packetwalk.walk/1""#),
            (#"{"schema":"a\nb"}"#, #"a map of schema "a\nb""#),
            (#"{"namespaces":[]}"#, "a map that names no schema"),
        ])
    func refused(json: String, found: String) throws {
        let error = #expect(throws: UnknownSchema.self) { try decode(json) }
        #expect(error?.description == "\(found); this version of packetwalk reads packetwalk.map/1")
    }
}
