import Network
import Testing
import Wire

@testable import Snapshot

@Suite struct ComparisonTests {
    /// What a change of the host's namespace makes of the example, each difference as a sentence.
    private func differences(_ change: (inout NamespaceSnapshot) throws -> Void) throws -> [String] {
        let before = try Example.snapshot()
        var after = before
        try change(&after.namespaces[0])
        return after.differences(from: before).map(\.description)
    }

    @Test func `each change is told in a sentence`() throws {
        #expect(
            try differences { $0.links[0] = $0.links[0].setting("mtu", .integer(1450)) } == [
                "host: link e0: mtu 1450, was 1500"
            ])
        #expect(
            try differences { $0.links.removeAll() } == ["host: link e0 is gone", "host: sysctls"].prefix(1).map { $0 })
        #expect(
            try differences { $0.links[0] = $0.links[0].setting("flags", .array([])) }
                == [#"host: link e0: flags [], was ["UP"]"#])
        #expect(
            try differences { $0.sysctls["net.ipv4.ip_forward"] = "0" }
                == ["host: net.ipv4.ip_forward is 0, was 1"])
        #expect(
            try differences {
                $0.nftables[0].text.replace("ip saddr @s log prefix \"drop bob \" drop", with: "ip saddr @s accept")
            }
                == [
                    "host: nftables inet fw, chain f: rule is gone: ip saddr @s log prefix \"drop bob \" drop",
                    "host: nftables inet fw, chain f: rule is new: ip saddr @s accept",
                ])
        #expect(
            try differences { $0.nftables[0].text.replace("192.0.2.1, ", with: "") }
                == ["host: nftables inet fw, set s: rule is gone: element 192.0.2.1"])
        #expect(
            try differences { $0.iptables[0].text.replace(":PREROUTING ACCEPT", with: ":PREROUTING DROP") }
                == [
                    "host: iptables-nft ip nat, chain PREROUTING: rule is gone: policy ACCEPT",
                    "host: iptables-nft ip nat, chain PREROUTING: rule is new: policy DROP",
                ])
        #expect(
            try differences { $0.iptables[0].chains = ["OUTPUT"] }
                == ["host: table iptables-nft ip nat: base chains OUTPUT, was PREROUTING"])
        #expect(
            try differences { $0.nftables[0].flags = ["dormant"] } == [
                "host: nftables table inet fw: flags dormant, was none"
            ])
        #expect(try differences { $0.nftables = [] } == ["host: nftables table inet fw is gone"])
        #expect(
            try differences { $0.ipsets = "create s hash:ip family inet maxelem 65536 comment\n" }
                == [#"host: ipset is gone: add s 203.0.113.80 comment "bob""#])
        // What waits and who is connected comes and goes.
        #expect(try differences { $0.connected = [] }.isEmpty)
        #expect(try differences { $0.queues[0] = $0.queues[0].removing(["backlog_bytes", "backlog_packets"]) }.isEmpty)
        #expect(try differences { $0.queues[0] = $0.queues[0].setting("handle", .string("2:")) }.count == 2)
        #expect(try differences { $0.conntrack = nil } == ["host: the conntrack entries could not be read"])
        #expect(try differences { $0.conntrack?[0].mark = 8 }.count == 2)
        #expect(
            try differences { $0.sockets[0].port = 81 }
                == ["host: socket is gone: tcp 203.0.113.70 port 80", "host: socket is new: tcp 203.0.113.70 port 81"])
        #expect(try differences { $0.nsids["web"] = 9 } == ["host: namespace web has the number 9, was 4"])
        #expect(try differences { $0.neighbours.remove(at: 0) }.count == 1)
        #expect(try differences { $0.routes.ipv4 = [] }.count == 1)
    }

    @Test func `order counts where it decides`() throws {
        #expect(try differences { $0.addresses.swapAt(0, 1) }.count == 1)
        #expect(try differences { $0.rules.ipv4.swapAt(0, 1) }.count == 1)
        let moved = try differences {
            let rules = [
                "\t\tip saddr @s log prefix \"drop bob \" drop\n",
                "\t\tip6 daddr 2001:db8:9::5-2001:db8:9::ff accept\n",
            ]
            $0.nftables[0].text.replace(rules.joined(), with: rules.reversed().joined())
        }
        #expect(moved.count == 1 && moved[0].contains("comes in another order"), "\(moved)")
        // The newest table's chains come first at equal priority.
        #expect(
            try differences { $0.iptables[0].handle = 0 } == [
                "host: table of nf_tables comes in another order: iptables-nft ip nat stands where inet fw stood"
            ])
        #expect(
            try differences {
                $0.routes.ipv4.append($0.routes.ipv4[0].setting("dst", .string("192.0.2.0/24")))
                $0.routes.ipv4.swapAt(0, 1)
            }.count == 1)
    }

    @Test func `what changes by itself does not count`() throws {
        #expect(
            try differences { host in
                host.inode = 8
                host.path = nil
                host.links[0] = host.links[0].setting("operstate", .string("DOWN"))
                    .setting("flags", .array([.string("UP"), .string("NO-CARRIER")]))
                host.addresses[0] = host.addresses[0].setting("tentative", .bool(true))
                host.routes.ipv4[0] = host.routes.ipv4[0].setting("flags", .array([.string("linkdown")]))
                host.neighbours.remove(at: 1)
                host.nftables[0].handle = 2
                host.nftables[0].text.replace("packets 5 bytes 420", with: "packets 7 bytes 999")
                host.nftables[0].text.replace(
                    "192.0.2.1, 198.51.100.0/24 comment \"the office\"",
                    with: "198.51.100.0/24 comment \"the office\", 192.0.2.1 expires 5s")
                host.ipsets?.replace("hashsize 1024", with: "hashsize 64 initval 0x1234")
                host.conntrack?[0].timeout = 1
                host.conntrack?[0].status.reverse()
                host.sockets[0].receiveQueue = 5
                host.fdb.append(
                    try Example.tree(#"{"mac":"02:00:00:00:00:01","ifname":"e0","flags":[],"master":"b","state":""}"#))
                host.sysctls["net.netfilter.nf_conntrack_max"] = "5"
            } == [])
    }

    @Test func `namespaces come and go`() throws {
        let before = try Example.snapshot()
        var after = before
        after.namespaces[1].name = "db"
        #expect(after.differences(from: before).map(\.description) == ["namespace web is gone", "namespace db is new"])
    }
}
