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
                == Container(
                    name: "web", paths: ["/proc/42/ns/net", "/run/docker/netns/ab"],
                    workloads: [Workload(.container, "web", identifier: "0123456789ab", by: .docker)]))
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
