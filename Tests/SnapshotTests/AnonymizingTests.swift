import Network
import Testing
import Wire

@testable import Snapshot

@Suite struct AnonymizingTests {
    private static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    private func host(_ key: (UInt64, UInt64) = key) throws -> (HostSnapshot, NamespaceSnapshot) {
        let snapshot = try Example.snapshot().anonymized(key: key)
        return (snapshot, try #require(snapshot[namespace: "host"]))
    }

    @Test func `nothing of names, addresses and comments is left`() throws {
        let text = try host().0.document()
        for secret in [
            "alice", "Alice", "bob", "Bob", "office", "\"web\"", "/run/netns/web", "203.0.113", "198.51.100",
            "2001:db8",
            "02:11:22", "cb0071",
        ] {
            #expect(!text.contains(secret), "\(secret)")
        }
    }

    @Test func `peers and numbers name the namespace by its new name`() throws {
        let (snapshot, host) = try host()
        #expect(snapshot.namespaces.map(\.name) == ["host", "namespace1"])
        #expect(host.nsids == ["namespace1": 4])
        #expect(host.links[0]["peer"]?.compact == #"{"namespace":"namespace1","ifname":"e1"}"#)
        #expect(snapshot.namespaces[1].nsids == ["host": 0] && snapshot.namespaces[1].path == "/run/netns/namespace1")
        #expect(snapshot.warnings[0] == "namespace1: cannot read the ipsets: ipset is not installed")
    }

    @Test func `an address is the same everywhere, and networks keep their first and last address`() throws {
        for seed in 0..<20 as Range<UInt64> {
            let (_, host) = try host((seed, 99))
            let address = try #require(host.addresses[0]["local"]?.string)
            let own = try #require(IPPrefix("\(address)/26"))
            let broadcast = try #require(host.addresses[0]["broadcast"]?.string.flatMap { IPAddress($0) })
            #expect(broadcast.low == own.network.address.low + 63)
            let second = try #require(host.addresses[1]["local"]?.string.flatMap { IPAddress($0) })
            #expect(own.contains(second))
            #expect(host.conntrack?.first?.original.source.description == address)
            #expect(host.sockets.first?.address.description == address)
            #expect(host.iptables[0].text.contains("-d \(address)/32 "))
            let gateway = try #require(host.routes.ipv4[0]["gateway"]?.string)
            #expect(host.neighbours[0]["dst"]?.string == gateway)
            #expect(
                host.ipsets == "create s hash:ip family inet hashsize 1024 maxelem 65536 comment\nadd s \(gateway)\n")
            #expect(IPAddress(gateway).map { own.contains($0) } == true)
            // The rule is about the half of the network that holds the address.
            let half = try #require(host.rules.ipv4[1]["src"]?.string.flatMap { IPPrefix("\($0)/27") })
            #expect(IPAddress(address).map { half.contains($0) } == true && half.network == half)
        }
    }

    @Test func `ranges stay ranges that hold what they held`() throws {
        for seed in 0..<50 as Range<UInt64> {
            let (_, host) = try host((seed, 1))
            let text = host.nftables[0].text
            let ranges = text.matches(of: /([0-9a-f.:]+)-([0-9a-f.:]+)/).compactMap { match in
                IPAddress(match.1).flatMap { first in IPAddress(match.2).map { (first, $0) } }
            }
            #expect(ranges.count == 3)
            for (first, last) in ranges { #expect((first.high, first.low) < (last.high, last.low), "\(text)") }
            // 203.0.113.70 is the first of the set's range, and .71 the next.
            #expect(ranges[0].0.description == host.addresses[0]["local"]?.string)
            let other = try #require(host.addresses[1]["local"]?.string.flatMap { IPAddress($0) })
            #expect(ranges[0].0.low <= other.low && other.low <= ranges[0].1.low)
        }
    }

    @Test func `comments go, the rest of the rules stays in order`() throws {
        let lines = try host().1.nftables[0].text.split(separator: "\n").map(String.init)
        #expect(lines.first == "table inet fw {" && lines.last == "}")
        #expect(lines[1] == "\tset s {")
        #expect(lines.contains { $0.hasSuffix("counter packets 5 bytes 420 accept") })
        #expect(lines.contains("\t\tip saddr @s log drop"))
        #expect(try host().1.iptables[0].text.contains("-p tcp -j DNAT --to-destination "))
        #expect(CommentRemoval.nftables("a comment \"x\ny\" b") == "a b")
        #expect(CommentRemoval.nftables("e = { 1.2.3.4 comment \"x\", 5.6.7.8 }") == "e = { 1.2.3.4, 5.6.7.8 }")
        #expect(
            CommentRemoval.iptables("-A X -m comment --comment one -j LOG --log-prefix \"a b \" --log-level 4\n")
                == "-A X -j LOG --log-level 4\n")
    }
}
