import Network
import Snapshot
import Testing
import Twin
import Wire

/// What of a snapshot stays in the slice of a packet.
@Suite("A snapshot of what a packet can meet")
struct SlicedSnapshotTests {
    private static func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Array(text.utf8)) }

    /// web 10.0.0.1 and db 10.0.0.2 on br0 10.0.0.254 of host.
    private static func snapshot() throws -> HostSnapshot {
        var host = NamespaceSnapshot(name: "host", inode: 1)
        host.nsids = ["web": 0, "db": 1]
        host.links = [
            try tree(#"{"ifindex":2,"ifname":"br0","flags":["UP"],"mtu":1500,"linkinfo":{"info_kind":"bridge"}}"#),
            try tree(
                #"{"ifindex":3,"ifname":"v-web","master":"br0","flags":["UP"],"linkinfo":{"info_kind":"veth"},"peer":{"namespace":"web","ifname":"eth0"}}"#
            ),
            try tree(
                #"{"ifindex":4,"ifname":"v-db","master":"br0","flags":["UP"],"linkinfo":{"info_kind":"veth"},"peer":{"namespace":"db","ifname":"eth0"}}"#
            ),
        ]
        host.addresses = [try tree(#"{"ifname":"br0","local":"10.0.0.254","prefixlen":24}"#)]
        var snapshot = HostSnapshot(host: "h", time: "", kernel: "6.18", namespaces: [host])
        for (name, address, port) in [("web", "10.0.0.1", "v-web"), ("db", "10.0.0.2", "v-db")] {
            var namespace = NamespaceSnapshot(name: name, inode: 2)
            namespace.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"eth0","flags":["UP"],"mtu":1400,"address":"02:00:00:00:00:02","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"host","ifname":"\#(port)"}}"#
                )
            ]
            namespace.addresses = [try tree(#"{"ifname":"eth0","local":"\#(address)","prefixlen":24}"#)]
            namespace.routes.ipv4 = [try tree(#"{"dst":"default","gateway":"10.0.0.254","dev":"eth0"}"#)]
            snapshot.namespaces.append(namespace)
        }
        return snapshot
    }

    private static func question(_ destination: String) throws -> NetworkSlice.Question {
        NetworkSlice.Question(from: ["web"], to: try #require(IPAddress(destination)))
    }

    @Test("a container that can't be asked is replaced by a far end that is up and mute")
    func stubs() throws {
        let whole = try Self.snapshot()
        let slice = whole.slice(try Self.question("192.0.2.1"))
        #expect(slice.namespaces == ["host", "web"])
        let part = whole.sliced(by: slice).snapshot
        #expect(part.namespaces.map(\.name) == ["host", "web", HostSnapshot.leftOut])
        #expect(part[namespace: "host"]?.nsids == ["web": 0])
        let port = try #require(part[namespace: "host"]?.links.last)
        #expect(port["ifname"]?.string == "v-db" && port["master"]?.string == "br0")
        #expect(port["peer"]?["namespace"]?.string == HostSnapshot.leftOut)
        let far = try #require(part[namespace: HostSnapshot.leftOut])
        #expect(far.addresses.isEmpty && far.links.count == 1)
        #expect(far.links[0]["ifname"]?.string == port["peer"]?["ifname"]?.string)
        #expect(far.links[0]["peer"]?["ifname"]?.string == "v-db" && far.links[0]["mtu"]?.integer == 1400)
        #expect(far.links[0]["flags"]?.elements.compactMap(\.string).contains("NOARP") == true)
        #expect(far.sysctls["net.ipv6.conf.all.disable_ipv6"] == "1")
    }

    @Test("so many far ends as are asked for stay open, as uplinks do")
    func openEnds() throws {
        let whole = try Self.snapshot()
        let slice = whole.slice(try Self.question("192.0.2.1"))
        let part = whole.sliced(by: slice, openEnds: 1).snapshot
        #expect(part.namespaces.map(\.name) == ["host", "web"])
        let ports = try #require(part[namespace: "host"]?.links.dropFirst())
        #expect(ports.map { $0["peer"]?["namespace"]?.string } == ["web", nil])
        #expect(TwinScript(part).standIns == ["outside-v-db"])
        // One that nobody can be asked at says nothing.
        #expect(TwinScript(whole.sliced(by: slice).snapshot).standIns.isEmpty)
    }

    @Test("of ports behind which nobody is no more are kept than are asked for, but for what is more than a port")
    func quietPorts() throws {
        var whole = try Self.snapshot()
        let slice = whole.slice(try Self.question("192.0.2.1"))
        whole.namespaces[0].fdb = [
            try Self.tree(#"{"mac":"02:00:00:00:00:02","ifname":"v-db","master":"br0"}"#),
            try Self.tree(#"{"mac":"02:00:00:00:00:01","ifname":"v-web","master":"br0"}"#),
        ]
        func host(_ whole: HostSnapshot, _ count: Int) throws -> NamespaceSnapshot {
            try #require(whole.sliced(by: slice, quietPorts: count).snapshot[namespace: "host"])
        }
        let without = try host(whole, 0)
        #expect(without.links.compactMap { $0["ifname"]?.string } == ["br0", "v-web"])
        #expect(without.fdb.compactMap { $0["ifname"]?.string } == ["v-web"])
        #expect(whole.sliced(by: slice, quietPorts: 0).snapshot.namespaces.map(\.name) == ["host", "web"])
        #expect(try host(whole, 1).links.count == 3)
        // A rule that names a device by its number can't be loaded without it.
        var other = whole
        other.namespaces[0].nftables = [.init(family: .ip, name: "t", handle: 1, text: "iif \"v-db\" drop\n")]
        #expect(try host(other, 0).links.count == 3)
        other = whole
        other.namespaces[0].routes.ipv4 = [try Self.tree(#"{"dst":"10.7.0.0/16","dev":"v-db"}"#)]
        #expect(try host(other, 0).links.count == 3)
    }

    @Test("who is asked, by address, by a rule or by a tracked connection, stays whole")
    func whole() throws {
        var whole = try Self.snapshot()
        #expect(whole.slice(try Self.question("10.0.0.2")).namespaces == ["host", "web", "db"])
        whole.namespaces[0].iptables = [
            .init(
                backend: .iptablesLegacy, family: .ip, name: "nat",
                text: "*nat\n-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.2:80\nCOMMIT\n")
        ]
        let slice = whole.slice(try Self.question("192.0.2.1"))
        #expect(slice.namespaces == ["host", "web", "db"] && slice.stubs.isEmpty)
        #expect(whole.sliced(by: slice).snapshot.namespaces.count == 3)
        whole.namespaces[0].iptables = []
        let address = try #require(IPAddress("192.0.2.1"))
        let (web, db) = (try #require(IPAddress("10.0.0.1")), try #require(IPAddress("10.0.0.2")))
        whole.namespaces[0].conntrack = [
            ConntrackEntry(
                ipProtocol: .udp, original: .init(source: web, destination: address),
                reply: .init(source: db, destination: web))
        ]
        #expect(whole.slice(try Self.question("192.0.2.1")).contains("db"))
    }

    private static let iptables = """
        *filter
        :FORWARD DROP [0:0]
        -A FORWARD -d 203.0.113.1/32 -j DROP
        -A FORWARD -i v-db -j DROP
        -A FORWARD ! -i v-db -s 10.0.0.0/24 -j ACCEPT
        -A FORWARD -m comment --comment "-d 203.0.113.1/32" -j ACCEPT
        -A FORWARD -s 224.0.0.0/4 -j DROP
        -A FORWARD -o gone+ -j DROP
        -A FORWARD -j DROP
        COMMIT
        """
    private static let nftables = """
        table ip t {
        \tset s {
        \t\ttype ipv4_addr
        \t\telements = { 203.0.113.1 }
        \t}

        \tchain f {
        \t\ttype filter hook forward priority filter; policy drop;
        \t\tip daddr 203.0.113.1 drop
        \t\tcounter packets 0 bytes 0 ip daddr 203.0.113.1 drop
        \t\tiifname "br0" ip saddr 10.0.0.1 tcp dport 80 accept
        \t\tiifname "br0" ip saddr 203.0.113.9 accept
        \t\tip daddr != 203.0.113.1 accept
        \t\tip daddr @s drop
        \t\tudp dport 53 ip daddr 203.0.113.2 accept
        \t}
        }
        """

    @Test("of many rules those stay that may match, and are still called by their own numbers")
    func reduced() throws {
        var whole = try Self.snapshot()
        whole.namespaces[0].iptables = [
            .init(backend: .iptablesNft, family: .ip, name: "filter", handle: 1, text: Self.iptables)
        ]
        whole.namespaces[0].nftables = [.init(family: .ip, name: "t", handle: 2, text: Self.nftables)]
        let slice = whole.slice(try Self.question("192.0.2.1"))
        #expect(whole.sliced(by: slice).snapshot[namespace: "host"]?.iptables == whole.namespaces[0].iptables)
        let part = whole.sliced(by: slice, wholeRules: 3)
        let host = try #require(part.snapshot[namespace: "host"])
        #expect(
            host.iptables[0].text.split(separator: "\n").filter { $0.hasPrefix("-A") }.map { $0.dropFirst(11) } == [
                "! -i v-db -s 10.0.0.0/24 -j ACCEPT", #"-m comment --comment "-d 203.0.113.1/32" -j ACCEPT"#,
                "-s 224.0.0.0/4 -j DROP", "-j DROP",
            ])
        let rule = RuleReference(family: .ip, table: "filter", chain: "FORWARD", position: 4, handle: 9)
        #expect(part.original(of: rule, in: "host").position == 7 && part.original(of: rule, in: "host").handle == nil)
        #expect(part.original(of: rule, in: "web") == rule)
        let kept = host.nftables[0].text
        #expect(!kept.contains("\t\tip daddr 203.0.113.1 drop") && !kept.contains("203.0.113.9"))
        #expect(!kept.contains("203.0.113.2") && kept.contains("elements = { 203.0.113.1 }"))
        let second = RuleReference(family: .ip, table: "t", chain: "f", position: 3)
        #expect(kept.contains("policy drop;") && part.original(of: second, in: "host").position == 5)
    }
}
