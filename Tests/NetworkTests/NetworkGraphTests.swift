import Network
import Testing
import Wire

@Suite struct NetworkGraphTests {
    private static func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

    /// mynamespace veth1 ── veth0, a port of mybridge, in host; a macvlan eth0 of pod on eth0 of host.
    private static func topology() throws -> Topology {
        var macvlan = Link(name: "eth0", index: 2, kind: .macvlan, addresses: [try prefix("192.0.2.7/24")])
        macvlan.lower = "eth0"
        macvlan.lowerNamespace = "host"
        return Topology(
            host: "h", time: "",
            namespaces: [
                Namespace(
                    name: "mynamespace", inode: 11, path: "",
                    links: [
                        Link(
                            name: "veth1", index: 2, kind: .veth, addresses: [try prefix("172.19.0.2/24")],
                            peer: Link.Peer(namespace: "host", device: "veth0"))
                    ]),
                Namespace(
                    name: "host", inode: 12, path: "",
                    links: [
                        Link(
                            name: "veth0", index: 2, kind: .veth, master: "mybridge",
                            peer: Link.Peer(namespace: "mynamespace", device: "veth1")),
                        Link(
                            name: "mybridge", index: 3, kind: .bridge, addresses: [try prefix("172.19.0.1/24")],
                            bridge: Link.Bridge(vlanFiltering: false)),
                        Link(name: "eth0", index: 4, kind: .ethernet, addresses: [try prefix("192.0.2.1/24")]),
                    ]),
                Namespace(name: "pod", inode: 13, path: "", links: [macvlan]),
            ])
    }

    @Test("the part that links join to a namespace, and all of it where that is everything")
    func parts() throws {
        var topology = try Self.topology()
        #expect(NetworkGraph(topology).joined(to: ["pod"]).topology == topology)
        // Another network, with the same device and address.
        topology.namespaces.append(
            Namespace(
                name: "alone", inode: 14, path: "",
                links: [Link(name: "veth1", index: 2, kind: .veth, addresses: [try Self.prefix("172.19.0.2/24")])]))
        let graph = NetworkGraph(topology)
        let part = graph.joined(to: ["mynamespace"])
        #expect(part.isPart && part.topology.namespaces.map(\.name) == ["mynamespace", "host", "pod"])
        #expect(graph.joined(to: ["pod", "host"]) === part)
        #expect(graph.joined(to: ["alone"]).topology.namespaces.map(\.name) == ["alone"])
        let address = try #require(IPAddress("172.19.0.2"))
        #expect(graph.namespaces(holding: address).count == 2 && part.namespaces(holding: address).count == 1)
        // A packet seen in both, or nowhere: nothing is left out.
        #expect(graph.joined(to: ["alone", "pod"]) === graph && !graph.isPart)
        #expect(graph.joined(to: []) === graph && graph.joined(to: ["gone"]) === graph)
    }

    @Test("a device's peer, bridge and ports")
    func findsNeighbourhood() throws {
        let graph = NetworkGraph(try Self.topology())
        let veth1 = try #require(graph.device("veth1", in: "mynamespace"))
        let veth0 = try #require(graph.peer(of: veth1))
        #expect(graph[veth0].name == "veth0" && graph.namespace(of: veth0).name == "host")
        #expect(graph.peer(of: veth0) == veth1)
        let bridge = try #require(graph.bridge(of: veth0))
        #expect(graph[bridge].name == "mybridge" && graph.master(of: veth0) == bridge)
        #expect(graph.ports(of: bridge) == [veth0])
        #expect(graph.master(of: veth1) == nil && graph.peer(of: bridge) == nil)
    }

    @Test("the same index, and the same name, in two namespaces is two devices")
    func tellsNamespacesApart() throws {
        let graph = NetworkGraph(try Self.topology())
        #expect(graph.device(index: 2, in: "mynamespace").map { graph[$0].name } == "veth1")
        #expect(graph.device(index: 2, in: "host").map { graph[$0].name } == "veth0")
        #expect(graph.device(index: 9, in: "host") == nil)
        #expect(graph.link("eth0", in: "pod")?.kind == .macvlan)
        #expect(graph.link("eth0", in: "host")?.kind == .ethernet)
        #expect(graph[inode: 12]?.name == "host" && graph[inode: 14] == nil)
    }

    @Test("a macvlan's parent in another namespace")
    func findsLower() throws {
        let graph = NetworkGraph(try Self.topology())
        let macvlan = try #require(graph.device("eth0", in: "pod"))
        let parent = try #require(graph.lower(of: macvlan))
        #expect(graph.namespace(of: parent).name == "host")
        #expect(graph.children(of: parent) == [macvlan])
        #expect(graph.children(of: macvlan).isEmpty)
    }

    @Test("who holds an address")
    func findsHolders() throws {
        let graph = NetworkGraph(try Self.topology())
        let address = try #require(IPAddress("172.19.0.1"))
        #expect(graph.holders(of: address).map { graph[$0].name } == ["mybridge"])
        #expect(graph.namespaces(holding: address).map(\.name) == ["host"])
        #expect(graph.holders(of: IPAddress(ipv4: 1)).isEmpty)
        #expect(graph.namespaces(holding: try #require(IPAddress("127.0.0.1"))).count == 3)
    }

    @Test("a frame's reach: over the wire to the bridge; from a macvlan out by its parent")
    func reaches() throws {
        let graph = NetworkGraph(try Self.topology())
        let bridged = graph.segment(out: "veth1", of: "mynamespace").paths
        #expect(bridged.map(\.end) == [LayerTwoPath.Port(namespace: "host", device: "mybridge")])
        #expect(bridged.first?.beginsWithWire == true && bridged.first?.steps.count == 2)
        let outside = graph.segment(out: "eth0", of: "pod").paths
        // The parent itself is an end too, by a step that keeps the two apart.
        let parent = LayerTwoPath.Port(namespace: "host", device: "eth0")
        #expect(outside.map(\.end) == [parent, parent])
        #expect(
            outside.last?.steps == [
                .sibling(from: LayerTwoPath.Port(namespace: "pod", device: "eth0"), to: parent, lower: parent)
            ])
        #expect(outside.first?.isOutside == true)
        let inside = graph.segment(into: "eth0", of: "host").paths
        #expect(inside.map(\.end.namespace) == ["host", "pod"])
    }

    @Test("links in circles come to an end")
    func circles() throws {
        var topology = try Self.topology()
        for position in topology.namespaces.indices {
            for index in topology.namespaces[position].links.indices {
                topology.namespaces[position].links[index].lower = topology.namespaces[position].links[index].name
                topology.namespaces[position].links[index].lowerNamespace = nil
                topology.namespaces[position].links[index].master = "mybridge"
            }
        }
        for kind in [LinkKind.macvlan, .bridge, .veth, .vlan] {
            topology.namespaces[1].links[0].kind = kind
            topology.namespaces[1].links[1].kind = kind
            let graph = NetworkGraph(topology)
            #expect(graph.segment(out: "veth1", of: "mynamespace").paths.count < 64)
            #expect(graph.segment(into: "veth0", of: "host").paths.count < 64)
        }
    }
}
