import Testing
import Wire

@testable import Discovery
@testable import Network

@Suite struct NamespaceSearchTests {
    private func site(_ inode: UInt64, netns: String? = nil, container: String? = nil, own: Bool = false)
        -> NamespaceSite
    {
        NamespaceSite(
            inode: inode, paths: [], netnsName: netns, containers: container.map { [$0] } ?? [], isOwn: own)
    }

    @Test("names: ip netns, then host, then container, else the inode")
    func namesByPrecedence() {
        #expect(
            NamespaceSearch.names(of: [
                site(1, netns: "red", container: "web"), site(2, container: "db"), site(3), site(4, own: true),
            ]) == ["red", "db", "netns:3", "host"])
    }

    @Test("the own namespace keeps the name that ip netns gave it")
    func keepsOwnName() {
        #expect(NamespaceSearch.names(of: [site(1, netns: "blue", own: true)]) == ["blue"])
    }

    @Test("two of one name: the second is told apart by its inode")
    func makesNamesUnique() {
        #expect(
            NamespaceSearch.names(of: [
                site(1, container: "host"), site(2, own: true), site(3, netns: "a"), site(4, container: "a"),
            ])
                == ["netns:1", "host", "a", "netns:4"])
    }

    @Test(
        "the inode in a link's text",
        arguments: [("net:[4026531840]", 4_026_531_840), ("mnt:[1]", nil), ("net:[x]", nil)] as [(String, UInt64?)])
    func readsInode(text: String, inode: UInt64?) {
        #expect(NamespaceSearch.inode(inText: text) == inode)
    }

    @Test("mount points with blanks")
    func unescapes() {
        #expect(NamespaceSearch.unescapeMountPoint(#"/run/my\040netns\134x"#) == #"/run/my netns\x"#)
    }
}

@Suite struct ContainerEngineTests {
    @Test("a running container by name, with its process and its mount")
    func readsContainer() throws {
        let value = try JSONTree(
            parsing: Array(
                #"{"Id":"0123456789ab","Name":"/web","State":{"Pid":42},"NetworkSettings":{"SandboxKey":"/run/docker/netns/ab"}}"#
                    .utf8))
        #expect(
            ContainerEngines.container(value)
                == Container(name: "web", paths: ["/proc/42/ns/net", "/run/docker/netns/ab"]))
    }

    @Test("a container that does not run has no namespace")
    func ignoresStopped() throws {
        let value = try JSONTree(
            parsing: Array(#"{"Name":"/web","State":{"Pid":0},"NetworkSettings":{"SandboxKey":""}}"#.utf8))
        #expect(ContainerEngines.container(value) == nil)
    }

    @Test("an identifier that could change the request is not asked for")
    func refusesStrangeIdentifiers() throws {
        let list = try JSONTree(
            parsing: Array(#"[{"Id":"../../exec 0123456789"},{"Id":"0123456789abcdef"},{"Id":"abc"}]"#.utf8))
        #expect(ContainerEngines.identifiers(list) == ["0123456789abcdef"])
    }

    @Test("an answer's body, of status 200 only")
    func readsAnswer() {
        #expect(UnixHTTP.body(of: Array("HTTP/1.0 200 OK\r\nA: b\r\n\r\n[]".utf8)) == Array("[]".utf8))
        #expect(UnixHTTP.body(of: Array("HTTP/1.0 404 Not Found\r\n\r\n{}".utf8)) == nil)
        #expect(UnixHTTP.body(of: Array("HTTP/1.0 200 OK\r\n".utf8)) == nil)
        #expect(UnixHTTP.body(of: []) == nil)
    }
}

@Suite struct TopologyIndexTests {
    /// mynamespace veth1 ── veth0, a port of mybridge, in host.
    private static func topology() throws -> Topology {
        let near = try #require(IPPrefix("172.19.0.2/24"))
        let gateway = try #require(IPPrefix("172.19.0.1/24"))
        let everything = try #require(IPPrefix("0.0.0.0/0"))
        return Topology(
            host: "h", time: "",
            namespaces: [
                Namespace(
                    name: "mynamespace", inode: 11, path: "",
                    links: [
                        Link(
                            name: "veth1", index: 2, kind: "veth", addresses: [near],
                            peer: .init(namespace: "host", device: "veth0"))
                    ],
                    routes: [
                        Route(destination: everything, gateway: gateway.address, device: "veth1", metric: 100),
                        Route(destination: everything, device: "veth1", metric: 50),
                        Route(destination: near.network, device: "veth1"),
                        Route(destination: everything, kind: "blackhole", table: 100),
                    ]),
                Namespace(
                    name: "host", inode: 12, path: "",
                    links: [
                        Link(
                            name: "veth0", index: 2, kind: "veth", master: "mybridge",
                            peer: .init(namespace: "mynamespace", device: "veth1")),
                        Link(
                            name: "mybridge", index: 3, kind: "bridge", addresses: [gateway],
                            bridge: .init(vlanFiltering: false)),
                    ]),
            ])
    }

    @Test("a device's peer, bridge and ports")
    func findsNeighbourhood() throws {
        let index = TopologyIndex(try Self.topology())
        let veth1 = try #require(index.device(namespace: "mynamespace", name: "veth1"))
        let veth0 = try #require(index.peer(of: veth1))
        #expect(index.link(veth0).name == "veth0" && index.namespace(of: veth0).name == "host")
        #expect(index.peer(of: veth0) == veth1)
        let bridge = try #require(index.master(of: veth0))
        #expect(index.link(bridge).name == "mybridge")
        #expect(index.ports(of: bridge) == [veth0])
        #expect(index.master(of: veth1) == nil && index.peer(of: bridge) == nil)
    }

    @Test("the same index in two namespaces is two devices")
    func tellsIndicesApart() throws {
        let index = TopologyIndex(try Self.topology())
        #expect(index.device(namespace: "mynamespace", index: 2).map { index.link($0).name } == "veth1")
        #expect(index.device(namespace: "host", index: 2).map { index.link($0).name } == "veth0")
        #expect(index.device(namespace: "host", index: 9) == nil)
        #expect(index.namespace(inode: 12) == 1 && index.namespace(inode: 13) == nil)
    }

    @Test("who holds an address")
    func findsHolders() throws {
        let index = TopologyIndex(try Self.topology())
        let address = try #require(IPAddress("172.19.0.1"))
        #expect(index.holders(of: address).map { index.link($0).name } == ["mybridge"])
        #expect(index.holders(of: IPAddress(ipv4: 1)).isEmpty)
    }

    @Test("the longest prefix wins, then the lowest metric, within one table")
    func choosesRoute() throws {
        let namespace = try #require(try Self.topology()[namespace: "mynamespace"])
        let near = try #require(IPAddress("172.19.0.9"))
        let far = try #require(IPAddress("198.51.100.1"))
        #expect(namespace.route(to: near)?.destination.length == 24)
        #expect(namespace.route(to: far)?.metric == 50)
        #expect(namespace.route(to: far, table: 100)?.kind == "blackhole")
        #expect(namespace.route(to: far, table: 7) == nil)
    }
}
