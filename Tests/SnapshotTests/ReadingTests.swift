import Netlink
import Network
import Testing
import Wire

@testable import Snapshot

/// The bytes of a hexadecimal listing.
private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

@Suite struct ReadingTests {
    /// The entry of an echo with identifier 698, masqueraded; the answer's identifier is 699, as after a collision.
    private static let echo = [
        "b4000000 0001 0006 00000000 00000000",  // struct nlmsghdr: 180 bytes, CT_NEW
        "02 00 0000",  // struct nfgenmsg: AF_INET
        "3c000180",  // CTA_TUPLE_ORIG
        "14000180 08000100 ac130002 08000200 c6336401",  // 172.19.0.2, 198.51.100.1
        "24000280 05000100 01000000 06000400 02ba0000 05000500 08000000 05000600 00000000",  // ICMP id 698 type 8
        "3c000280",  // CTA_TUPLE_REPLY
        "14000180 08000100 c6336401 08000200 cb007102",  // 198.51.100.1, 203.0.113.2
        "24000280 05000100 01000000 06000400 02bb0000 05000500 00000000 05000600 00000000",
        "08000300 0000019a",  // CTA_STATUS
        "08000800 00000007",  // CTA_MARK
        "08000c00 3430c459",  // CTA_ID
        "08000b00 00000001",  // CTA_USE
        "08000700 0000001d",  // CTA_TIMEOUT
    ].joined()

    @Test func `a conntrack entry has both directions, each with its own identifier`() throws {
        let message = try #require(NetlinkMessage.split(bytes(Self.echo)).first)
        let entry = ConntrackEntry(try #require(ConntrackMessage(message)))
        #expect(entry.ipProtocol == .icmp)
        #expect(entry.original.source == IPAddress("172.19.0.2"))
        #expect(entry.original.sourcePort == 698 && entry.original.destinationPort == nil)
        #expect(entry.original.icmpType == 8 && entry.original.icmpCode == 0)
        #expect(entry.reply.destination == IPAddress("203.0.113.2"))
        #expect(entry.reply.sourcePort == 699 && entry.reply.icmpType == 0)
        #expect(entry.status == ["SEEN_REPLY", "CONFIRMED", "SRC_NAT"])
        #expect(entry.mark == 7 && entry.timeout == 29 && entry.zone == 0 && entry.state == nil)
    }

    @Test func `a message cut short anywhere is no trap`() {
        let whole = bytes(Self.echo)
        for end in 0..<whole.count {
            for message in NetlinkMessages(whole[..<end]) {
                _ = ConntrackMessage(message).map { ConntrackEntry($0) }
                _ = NetfilterTables.table(message)
                _ = NetfilterTables.chain(message)
                _ = HookOrder.element(message, family: "ip", hook: "input")
            }
        }
    }

    @Test func `a table of nf_tables is read with its flags and its number`() throws {
        let message = [
            "38000000 000a 0200 00000000 00000000 01 00 0000",  // NFT_MSG_NEWTABLE, NFPROTO_INET
            "07000100 66770000",  // NFTA_TABLE_NAME fw
            "08000200 00000003",  // NFTA_TABLE_FLAGS dormant, owner
            "0c000400 00000000 00000007",  // NFTA_TABLE_HANDLE
        ].joined()
        var whole = bytes(message)
        whole[0] = UInt8(whole.count)
        let table = try #require(NetlinkMessage.split(whole).first.flatMap { NetfilterTables.table($0) })
        #expect(table == .init(family: .inet, name: "fw", handle: 7, flags: ["dormant", "owner"]))
    }

    @Test func `iptables' tables are those with base chains as only iptables makes them`() {
        func isIPTables(_ name: String, _ chains: [(String, UInt32, Int32)], _ family: TableFamily = .ip) -> Bool {
            NetfilterTables.Table(
                family: family, name: name, handle: 1, flags: [],
                baseChains: chains.map { .init(name: $0.0, hook: $0.1, priority: $0.2) }
            ).isIPTables
        }
        #expect(isIPTables("filter", [("FORWARD", 2, 0)]))
        #expect(isIPTables("nat", [("PREROUTING", 0, -100), ("POSTROUTING", 4, 100)], .ip6))
        #expect(!isIPTables("filter", [("FORWARD", 2, 0), ("forward", 2, 0)]))
        #expect(!isIPTables("filter", [("FORWARD", 2, 5)]))
        #expect(!isIPTables("filter", []))
        #expect(!isIPTables("filter", [("FORWARD", 2, 0)], .inet))
        #expect(!isIPTables("mine", [("FORWARD", 2, 0)]))
    }

    @Test func `a batch's answers come one behind the other, the last perhaps broken off`() {
        let text = #"[{"a":"]\"["}] {"b":1}"# + "\n[ ]\n[{\"mdb\":[{\"c\""
        #expect(JSONTree.sequence(Array(text.utf8)).map(\.compact) == [#"[{"a":"]\"["}]"#, #"{"b":1}"#, "[]"])
        #expect(JSONTree.sequence(Array("Error: none".utf8)).isEmpty)
    }

    @Test func `words stand where ip wants words, numbers elsewhere`() throws {
        let route = NamespaceSnapshot.route(
            try Example.tree(#"{"type":"6","dst":"10.9.0.0/16","table":"77","protocol":"3","scope":"0","flags":[]}"#))
        #expect(route["type"]?.string == "blackhole" && route["protocol"]?.string == "3")
        let rule = NamespaceSnapshot.rule(
            try Example.tree(#"{"priority":5,"src":"all","ipproto":"ipproto-6","action":"7"}"#))
        #expect(rule["ipproto"]?.string == "6" && rule["action"]?.string == "unreachable")
        let link = NamespaceSnapshot.link(
            try Example.tree(
                #"{"ifname":"b","link_type":"[1]","promiscuity":1,"min_mtu":68,"linkinfo":{"info_kind":"bridge","info_data":{"ageing_time":30000,"gc_timer":5.01}}}"#
            ))
        #expect(
            link.compact
                == #"{"ifname":"b","link_type":"ether","linkinfo":{"info_kind":"bridge","info_data":{"ageing_time":30000}}}"#
        )
        let group = try Example.tree(#"{"mac":"33:33:00:00:00:01","ifname":"e0","flags":["self"],"state":"permanent"}"#)
        #expect(NamespaceSnapshot.isGroup(group))
        #expect(!NamespaceSnapshot.isGroup(group.setting("dst", .string("10.0.0.9"))))
        #expect(!NamespaceSnapshot.isGroup(group.setting("mac", .string("02:00:00:00:00:01"))))
    }

    @Test func `addresses are those of addr_info, each with its device`() throws {
        let elements = [
            try Example.tree(
                #"{"ifname":"e0","addr_info":[{"family":"inet","local":"10.0.0.1"},{},{"family":"inet","local":"10.0.0.2"}]}"#
            ),
            try Example.tree("{}"),
        ]
        #expect(
            NamespaceSnapshot.addresses(elements).map(\.compact) == [
                #"{"ifname":"e0","family":"inet","local":"10.0.0.1"}"#,
                #"{"ifname":"e0","family":"inet","local":"10.0.0.2"}"#,
            ])
    }

    @Test func `texts of rules are taken apart table by table`() {
        let saved = """
            # Generated by iptables-nft-save v1.8.9
            *nat
            :PREROUTING ACCEPT [5:300]
            -A PREROUTING -m comment --comment "a
            COMMIT" -j ACCEPT
            COMMIT
            # Completed
            *filter
            :F - [0:0]
            COMMIT

            """
        let tables = NetfilterSnapshotReading.saved(saved.replacing("a\nCOMMIT\"", with: "a\""))
        #expect(Set(tables.keys) == ["nat", "filter"])
        #expect(tables["filter"] == "*filter\n:F - [0:0]\nCOMMIT\n")
        #expect(tables["nat"]?.hasPrefix("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING") == true)
        let text = "table ip a {\n\tchain c {\n\t\tdrop comment \"x\n}\ntable ip z {\"\n\t}\n}\ntable inet b {\n}\n"
        let listed = NetfilterSnapshotReading.tables(text)
        #expect(Set(listed.keys) == ["ip a", "inet b"])
        #expect(listed["inet b"] == "table inet b {\n}\n")
        #expect((listed["ip a"] ?? "") + (listed["inet b"] ?? "") == text)
    }

    @Test func `policies of IPsec are lines of their own, without counters`() {
        let text = """
            src 10.0.0.0/24 dst 10.1.0.0/24
            \tdir out priority 375423 ptype main
            \ttmpl src 192.0.2.1 dst 192.0.2.2
            \t\tproto esp reqid 1 mode tunnel
            src ::/0 dst ::/0
            \tsocket in priority 0 ptype main

            """
        #expect(
            XFRMPolicies.split(text).compactMap { $0["text"]?.string } == [
                "src 10.0.0.0/24 dst 10.1.0.0/24 dir out priority 375423 ptype main tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 1 mode tunnel",
                "src ::/0 dst ::/0 socket in priority 0 ptype main",
            ])
    }

    @Test func `programs are told by name and tag`() throws {
        let link = try Example.tree(
            #"{"ifname":"e0","xdp":{"mode":1,"prog":{"id":5,"name":"drop","tag":"3b185187f1855c4c","jited":1},"attached":[{"mode":1,"prog":{"id":5,"name":"drop","tag":"3b185187f1855c4c"}}]}}"#
        )
        let filter = try Example.tree(
            #"{"kind":"bpf","dev":"e0","attach":"ingress","options":{"handle":"0x1","bpf_name":"cls","direct-action":true,"prog":{"id":6,"tag":"a04f5eef06a7f555"}}}"#
        )
        #expect(
            TrafficFilters.programs(links: [link], filters: [filter]).map(\.compact) == [
                #"{"link":"e0","attach":"xdp","name":"drop","tag":"3b185187f1855c4c"}"#,
                #"{"link":"e0","attach":"tc ingress","name":"cls","tag":"a04f5eef06a7f555"}"#,
            ])
    }
}
