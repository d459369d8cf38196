import Network
import Netlink
import Observations
import Testing
import Wire

@testable import Probes

/// The bytes of a hexadecimal listing.
private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

@Suite struct MessageTests {
    /// The entry of an echo with identifier 698, masqueraded; the answer's identifier is 699, as after a collision.
    private static let conntrack = [
        "b4000000 0001 0006 00000000 00000000",  // struct nlmsghdr: 180 bytes, CT_NEW, CREATE|EXCL
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

    @Test func `a conntrack event gives both tuples, each with its own ICMP identifier`() throws {
        let messages = Array(NetlinkMessages(bytes(Self.conntrack)[...]))
        try #require(messages.count == 1)
        let event = try #require(
            FlowEvent(messages[0], namespace: "host", timeNanoseconds: 42, isDump: false))
        #expect(event.change == .new)
        #expect(event.original.source == IPAddress("172.19.0.2"))
        #expect(event.original.destination == IPAddress("198.51.100.1"))
        #expect(event.original.sourcePort == 698 && event.original.destinationPort == 698)
        #expect(event.reply.source == IPAddress("198.51.100.1"))
        #expect(event.reply.destination == IPAddress("203.0.113.2"))
        #expect(event.reply.sourcePort == 699 && event.reply.destinationPort == 699)
        #expect(event.original.ipProtocol == .icmp)
        #expect(event.status == 0x19a && event.mark == 7 && event.timeNanoseconds == 42)
    }

    @Test func `the count of a namespace's entries is read, and no other number for it`() {
        let answer = [
            "24000000 0501 0000 01000000 00000000",  // 36 bytes, CT_GET_STATS
            "00 00 0000",  // struct nfgenmsg
            "08000100 00000003",  // CTA_STATS_GLOBAL_ENTRIES
            "08000200 00040000",  // CTA_STATS_GLOBAL_MAX_ENTRIES
        ].joined()
        #expect(NetlinkMessages(bytes(answer)[...]).map(NetlinkConversation.conntrackCount) == [3])
        #expect(NetlinkMessages(bytes(Self.conntrack)[...]).map(NetlinkConversation.conntrackCount) == [nil])
    }

    @Test func `a conntrack message cut short anywhere is no trap`() {
        let whole = bytes(Self.conntrack)
        for end in 0..<whole.count {
            for message in NetlinkMessages(whole[..<end]) {
                _ = FlowEvent(message, namespace: "host", timeNanoseconds: 0, isDump: false)
            }
        }
    }

    @Test func `a route answer reads as ip route writes it`() throws {
        // RTM_NEWROUTE: AF_INET, /0, table 254, protocol boot, scope global, unicast; gateway, device 4, table.
        let text = [
            "34000000 1800 0000 01000000 00000000", "02 00 00 00 fe 03 00 01 00000000",
            "08000500 cb007101", "08000400 04000000", "08000f00 fe000000",
        ].joined()
        let message = try #require(Array(NetlinkMessages(bytes(text)[...])).first)
        let route = try #require(RouteMessage(message))
        #expect(route.kind == .unicast && route.table == .main)
        #expect(route.gateway == IPAddress("203.0.113.1"))
        #expect(route.text { $0 == 4 ? "eth0" : nil } == "default via 203.0.113.1 dev eth0")
    }

    @Test func `a local route names its table, origin and scope`() throws {
        let text = [
            "3c000000 1800 0000 01000000 00000000", "02 20 00 00 ff 02 fe 02 00000000",
            "08000100 ac130001", "08000400 02000000", "08000700 ac130001", "08000f00 ff000000",
        ].joined()
        let message = try #require(Array(NetlinkMessages(bytes(text)[...])).first)
        let route = try #require(RouteMessage(message))
        #expect(
            route.text { _ in "mybridge" }
                == "local 172.19.0.1 dev mybridge table local proto kernel scope host src 172.19.0.1")
    }
}
