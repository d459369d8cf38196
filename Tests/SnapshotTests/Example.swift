import Network
import Wire

@testable import Snapshot

/// A host with something in every part of its snapshot.
enum Example {
    static func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Array(text.utf8)) }
    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw MalformedJSON(offset: 0, reason: "no address: \(text)") }
        return address
    }

    static let rules = """
        table inet fw {
        \tcomment "Alice's table"
        \tset s {
        \t\ttype ipv4_addr
        \t\tflags interval
        \t\telements = { 192.0.2.1, 198.51.100.0/24 comment "the office",
        \t\t\t     203.0.113.70-203.0.113.75 }
        \t}

        \tchain f {
        \t\ttype filter hook forward priority filter; policy drop;
        \t\tip saddr 198.51.100.5-198.51.100.9 counter packets 5 bytes 420 accept comment "Bob { may }"
        \t\tip saddr @s log prefix "drop bob " drop
        \t\tip6 daddr 2001:db8:9::5-2001:db8:9::ff accept
        \t}
        }

        """

    static func snapshot() throws -> HostSnapshot {
        var snapshot = HostSnapshot(host: "alice", time: "2026-01-01T00:00:00Z", kernel: "6.1")
        snapshot.boot = "00ff"
        snapshot.tools = ["nft": "1.0.6"]
        snapshot.warnings = ["web: cannot read the ipsets: ipset is not installed", "bob's machine"]
        snapshot.omitted = ["keys of WireGuard and MACsec"]
        var host = NamespaceSnapshot(name: "host", inode: 7, path: "/proc/1/ns/net")
        host.nsids = ["web": 4]
        host.links = [
            try tree(
                #"{"ifindex":2,"ifname":"e0","flags":["UP","LOWER_UP"],"mtu":1500,"operstate":"UP","address":"02:11:22:33:44:55","ifalias":"to bob","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"web","ifname":"e1"}}"#
            )
        ]
        host.addresses = [
            try tree(
                #"{"ifname":"e0","family":"inet","local":"203.0.113.70","prefixlen":26,"broadcast":"203.0.113.127","scope":"0"}"#
            ),
            try tree(
                #"{"ifname":"e0","family":"inet","local":"203.0.113.71","prefixlen":26,"scope":"0","secondary":true}"#),
        ]
        host.routes.ipv4 = [
            try tree(
                #"{"type":"unicast","dst":"198.51.100.0/22","gateway":"203.0.113.80","dev":"e0","table":"254","flags":[]}"#
            )
        ]
        host.rules.ipv4 = [
            try tree(#"{"priority":0,"src":"all","table":"255"}"#),
            try tree(#"{"priority":5,"src":"203.0.113.64","srclen":27,"table":"100"}"#),
        ]
        host.neighbours = [
            try tree(#"{"dst":"203.0.113.80","dev":"e0","lladdr":"02:11:22:33:44:66","state":["PERMANENT"]}"#),
            try tree(#"{"dst":"203.0.113.81","dev":"e0","lladdr":"02:11:22:33:44:77","state":["STALE"]}"#),
        ]
        host.sysctls = ["net.ipv4.ip_forward": "1", "net.ipv4.conf.e0.rp_filter": "0"]
        host.nftables = [.init(family: .inet, name: "fw", handle: 1, text: rules)]
        host.iptables = [
            .init(
                backend: .iptablesNft, family: .ip, name: "nat", handle: 3, chains: ["PREROUTING"],
                text: """
                    *nat
                    :PREROUTING ACCEPT [0:0]
                    -A PREROUTING -d 203.0.113.70/32 -p tcp -m comment --comment "bob \\"b\\" web" -j DNAT --to-destination 203.0.113.80-203.0.113.85:80-90
                    COMMIT

                    """)
        ]
        host.ipsets =
            "create s hash:ip family inet hashsize 1024 maxelem 65536 comment\nadd s 203.0.113.80 comment \"bob\"\n"
        var entry = ConntrackEntry(
            ipProtocol: .tcp,
            original: .init(
                source: try address("203.0.113.70"), destination: try address("203.0.113.80"), sourcePort: 4000,
                destinationPort: 80),
            reply: .init(
                source: try address("203.0.113.80"), destination: try address("203.0.113.70"), sourcePort: 80,
                destinationPort: 4000))
        entry.state = "ESTABLISHED"
        entry.status = ["SEEN_REPLY", "ASSURED"]
        entry.timeout = 300
        entry.mark = 7
        host.conntrack = [entry]
        var socket = Listener(protocol: .tcp, address: try address("203.0.113.70"), port: 80, process: "bobd")
        socket.backlog = 128
        host.sockets = [socket]
        host.connected = [
            ConnectedSocket(
                .tcp, local: try address("203.0.113.70"), 40000, remote: try address("203.0.113.80"), 443)
        ]
        host.groups = [GroupMembership(device: "e0", group: try address("239.1.2.3"))]
        host.recent = [RecentEntry(list: "bad", address: try address("203.0.113.80"), secondsAgo: [3, 70])]
        host.queues = [
            try tree(
                #"{"kind":"tbf","handle":"1:","dev":"e0","root":true,"options":{"rate":12},"backlog_bytes":2826,"backlog_packets":3}"#
            )
        ]
        host.filters = [
            try tree(
                #"{"kind":"u32","protocol":"ip","dev":"e0","options":{"fh":"800::800","match":{"value":"cb007150","mask":"ffffffff","off":16}}}"#
            )
        ]
        var web = NamespaceSnapshot(name: "web", inode: UInt64(1) << 63, path: "/run/netns/web")
        web.conntrack = nil
        web.ipsets = nil
        web.nsids = ["host": 0]
        snapshot.namespaces = [host, web]
        return snapshot
    }
}
