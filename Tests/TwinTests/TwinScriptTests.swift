import LinuxSystem
import Network
import Snapshot
import TestSupport
import Testing
import Wire

@testable import Twin

/// The script of a snapshot, read as text. What it rebuilds is held against the kernel by scenario tests.
@Suite("A script that rebuilds a network") struct TwinScriptTests {
    private func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Array(text.utf8)) }

    private func lines(_ snapshot: HostSnapshot) -> [String] {
        var plan = TwinPlan(snapshot, options: TwinScript.Options())
        return plan.body()
    }

    private func host(_ change: (inout NamespaceSnapshot) throws -> Void) rethrows -> HostSnapshot {
        var namespace = NamespaceSnapshot(name: "host", inode: 1)
        try change(&namespace)
        return HostSnapshot(host: "h", time: "2026-01-01T00:00:00Z", kernel: "6.1", namespaces: [namespace])
    }

    @Test("makes both ends of a veth at once, each in its namespace")
    func veth() throws {
        var snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"v0","mtu":1400,"link_type":"ether","address":"02:00:00:00:00:01","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"web","ifname":"eth0"}}"#
                )
            ]
        }
        var web = NamespaceSnapshot(name: "web", inode: 2)
        web.links = [
            try tree(
                #"{"ifindex":7,"ifname":"eth0","mtu":1500,"link_type":"ether","address":"02:00:00:00:00:02","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"host","ifname":"v0"}}"#
            )
        ]
        snapshot.namespaces.append(web)
        let made = lines(snapshot).filter { $0.hasPrefix("link add") }
        #expect(
            made == [
                "link add v0 index 2 address 02:00:00:00:00:01 mtu 1400 type veth peer name eth0 index 7 address 02:00:00:00:00:02 mtu 1500 netns web"
            ])
    }

    @Test("gives a link whose other end is unknown an outside that answers")
    func outside() throws {
        let snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","address":"02:00:00:00:00:01"}"#
                )
            ]
        }
        let script = TwinScript(snapshot)
        #expect(script.standIns == ["outside-eth0"])
        #expect(script.assumptions.contains { $0.code == .outsideAnswers && $0.namespace == "host" })
    }

    @Test("brings a gateway that no address reaches any more back for a moment")
    func lostGateway() throws {
        let snapshot = try host {
            $0.routes.ipv4 = [
                try tree(
                    #"{"type":"unicast","dst":"default","gateway":"192.0.2.1","dev":"eth0","table":"254","protocol":"3","scope":"0"}"#
                )
            ]
        }
        let routes = lines(snapshot).filter { $0.hasPrefix("route ") }
        #expect(
            routes == [
                "route add 192.0.2.1/32 dev eth0 table 254",
                "route add default via 192.0.2.1 dev eth0 table 254 proto 3 scope 0",
                "route del 192.0.2.1/32 dev eth0 table 254",
            ])
    }

    @Test("makes tables in the order in which they were made, whichever firewall's")
    func order() throws {
        let snapshot = host {
            $0.nftables = [.init(family: .inet, name: "late", handle: 9, text: "table inet late {\n}\n")]
            $0.iptables = [
                .init(
                    backend: .iptablesNft, family: .ip, name: "filter", handle: 3, chains: ["FORWARD"],
                    text: "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n")
            ]
        }
        let made = lines(snapshot)
        let first = try #require(made.firstIndex(of: "*filter"))
        let second = try #require(made.firstIndex(of: "table inet late {"))
        #expect(first < second)
        // Of the table's base chains no more than the host has: each is a hook.
        #expect(made.contains("delete chain ip filter INPUT"))
        #expect(!made.contains("delete chain ip filter FORWARD"))
    }

    @Test("gives a connection its translation as such")
    func connection() throws {
        let address = { (text: String) in try #require(IPAddress(text)) }
        let entry = ConntrackEntry(
            ipProtocol: .udp,
            original: .init(
                source: try address("192.0.2.99"), destination: try address("10.2.0.2"), sourcePort: 5000,
                destinationPort: 53),
            reply: .init(
                source: try address("10.2.0.2"), destination: try address("203.0.113.2"), sourcePort: 53,
                destinationPort: 6000), timeout: 29, mark: 66)
        #expect(
            entry.arguments
                == "-p udp -s 192.0.2.99 -d 10.2.0.2 --sport 5000 --dport 53 --src-nat 203.0.113.2:6000 -t 29 -m 66")
    }

    /// What a file from a stranger may hold in any place.
    private static let hostile = [
        "a|;s|.*|id>F|e;#", "1\r\nEND", "x\nEND\ntouch F", "$(touch F)", "`touch F`", "'; touch F; '",
        "\"; touch F; \"",
        "END", "-rf", "a b", "uplink #2", "../../etc", "\r", "",
    ]

    @Test("runs no word of a snapshot as a command, whatever it holds")
    func hostileWords() throws {
        for word in Self.hostile {
            let quotedWord = JSONTree.string(word).compact
            var snapshot = try host { namespace in
                namespace.links = [
                    try tree(
                        #"{"ifindex":2,"ifname":\#(quotedWord),"ifalias":\#(quotedWord),"mtu":1500,"link_type":"ether"}"#
                    )
                ]
                namespace.addresses = [
                    try tree(#"{"ifname":\#(quotedWord),"family":"inet","local":\#(quotedWord),"prefixlen":24}"#)
                ]
                namespace.routes.ipv4 = [
                    try tree(
                        #"{"type":\#(quotedWord),"dst":\#(quotedWord),"gateway":\#(quotedWord),"dev":\#(quotedWord)}"#)
                ]
                namespace.neighbours = [
                    try tree(#"{"dst":\#(quotedWord),"dev":\#(quotedWord),"lladdr":\#(quotedWord),"state":["STALE"]}"#)
                ]
                namespace.sysctls = ["net.ipv4.ip_forward": word, word: "1", "kernel.core_pattern": "x"]
                namespace.nftables = [
                    .init(family: .inet, name: word, handle: 1, text: "table inet t {\n\(word)\n}\n")
                ]
                namespace.ipsets = "create \(word) hash:ip\n"
            }
            snapshot.namespaces.append(NamespaceSnapshot(name: word, inode: 2))
            let made = lines(snapshot)
            #expect(made.allSatisfy { !$0.utf8.contains(10) }, "\(word.debugDescription)")
            #expect(!made.contains { $0.hasPrefix("kernel.") })
            for line in Self.commands(made) {
                #expect(Self.isOwn(line), "\(word.debugDescription): \(line)")
            }
            let script = TwinScript(snapshot).text
            let checked = try Command(["sh", "-n", "/proc/self/fd/0"]).run(input: Array(script.utf8))
            #expect(checked.status == 0, "\(word.debugDescription): \(checked.errorText)")
        }
    }

    /// The lines that a shell reads as commands: those outside the texts that are fed.
    private static func commands(_ lines: [String]) -> [String] {
        var found: [String] = []
        var end: String?
        for line in lines {
            if let mark = end {
                if line == mark { end = nil }
                continue
            }
            found.append(line)
            let mark = line.split(separator: " ").last ?? ""
            if mark.hasPrefix("<<'"), mark.hasSuffix("'") { end = String(mark.dropFirst(3).dropLast()) }
        }
        #expect(end == nil)
        return found
    }

    private static func isOwn(_ line: String) -> Bool {
        let functions = [
            "ip_batch", "ip4_batch", "ip6_batch", "bridge_batch", "tc_batch", "settings", "nft_rules", "nft_lines",
            "iptables_nft", "ip6tables_nft", "iptables_legacy", "ip6tables_legacy", "ipsets", "connections", "sockets",
            "settled", "alone", "sleep 0.3", "ip netns attach packetwalk-home", "ip netns delete packetwalk-home",
        ]
        return line.isEmpty || line.hasPrefix("#") || functions.contains { line == $0 || line.hasPrefix("\($0) ") }
    }
}
