import Testing
import Wire

@testable import Probes

@Suite struct CoarseFilterTests {
    /// What must get through besides, whatever the filter: see `CoarseFilter`.
    static let besides =
        " or ip proto 4 or ip proto 41 or ip proto 47 or ip6 proto 4 or ip6 proto 41 or ip6 proto 47"
        + " or udp port 4789 or udp port 6081 or udp port 8472 or (icmp and icmp[0] != 0 and icmp[0] != 8) or icmp6 or arp"

    @Test("a link's filter lets sessions, labels and every tunnel's port through as well") func links() {
        let link = CoarseFilter("tcp").linkExpression
        #expect(link.hasPrefix("(tcp)" + Self.besides))
        #expect(PacketHeaders.tunnelPorts.allSatisfy { link.contains("udp port \($0)") })
        for type in ["0x8864", "0x8847", "0x8848"] { #expect(link.contains(" or ether proto \(type)")) }
        #expect(CoarseFilter(nil).linkExpression.isEmpty && CoarseFilter("host 192.0.2.1").linkExpression.isEmpty)
    }

    @Test(
        "keeps only what translation and tunnels leave alone",
        arguments: [
            ("icmp", "icmp"),
            ("tcp port 80", "tcp"),
            ("udp dst port 53 and host 192.0.2.1", "udp"),
            ("host 198.51.100.1 and icmp", "icmp"),
            ("port 53", "(tcp or udp or sctp)"),
            ("tcp or udp", "(tcp or udp)"),
            ("ip and tcp", "(ip and tcp)"),
            ("not tcp", "not tcp"),
            ("ip && !udp", "(ip and not udp)"),
            ("(tcp port 80 or tcp port 443) and net 192.0.2.0/24", "(tcp or tcp)"),
            ("tcp[tcpflags] & tcp-syn != 0", "tcp"),
            ("ip6 proto 17", "ip6 proto 17"),
            // `and` and `or` bind alike, to the left: (icmp or host …) and udp.
            ("icmp or host 192.0.2.1 and udp", "udp"),
            ("not host 192.0.2.1 and tcp", "tcp"),
        ])
    func kept(filter: String, expected: String) {
        #expect(CoarseFilter(filter).expression == "(\(expected))" + Self.besides)
    }

    @Test(
        "hands over everything where nothing sure is left",
        arguments: [
            "host 198.51.100.1", "tcp or host 192.0.2.1", "not tcp port 80 or arp", "ether host 02:00:00:00:00:01",
            "not (tcp port 80)", "len > 100", "(tcp[12] & 0xf0) >> 2 = 20", "tcp[0] = udp[0]", "greater 100",
            "ip proto 6 or port 7 or net 10", "(tcp", "tcp and", "or", "arp host 192.0.2.1",
        ])
    func everything(filter: String) {
        #expect(CoarseFilter(filter).expression == "")
    }

    @Test func `no filter lets everything through`() {
        #expect(CoarseFilter(nil).expression == "")
    }

    @Test func `a tunnel on a port of its own gets through`() {
        #expect(CoarseFilter("icmp", tunnelPorts: [4790]).expression.contains("udp port 4790"))
    }

    @Test(
        "libpcap takes every derived filter",
        arguments: ["icmp", "tcp port 80", "port 53", "not tcp", "ip6 proto 17 and not udp", "tcp[13] & 2 != 0"])
    func compiles(filter: String) throws {
        _ = try PacketFilter(CoarseFilter(filter).expression)
    }
}
