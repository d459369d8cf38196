import Network
import Observations
import Recording
import Runs
import Testing
import WalkModel
import Wire

/// Captures that tcpdump made of one network at one time (`fixtures/captures/make.sh`): a client, 192.0.2.2, behind the
/// bridge `br0` with its `port`; a router that translates its address to its own, 203.0.113.2, on `eth0`; a server,
/// 198.51.100.1. The client and the router each open a connection, and the client pings twice.
@Suite("Captures of other programs") struct ForeignCaptureTests {
    private static func exchanges(_ points: [CapturePoint]) throws -> [Exchange] {
        var run = try RecordedRun(points)
        var exchanges: [Exchange] = []
        try run.replay { groups in exchanges += groups.flatMap(\.exchanges) }
        try #require(run.damage.isEmpty)
        return exchanges
    }

    private static func file(_ name: String) -> CapturePoint {
        CapturePoint(path: "fixtures/captures/\(name).pcap.zst")
    }

    /// Where a packet was seen, and with which source address.
    private static func path(_ walk: Walk) -> [String] {
        walk.hops.filter { $0.vantage == .link || $0.vantage == .netfilter }.map { hop in
            [hop.namespace, hop.device ?? hop.hook?.rawValue ?? "?", hop.direction?.rawValue, "\(hop.packet.source)"]
                .compactMap(\.self).joined(separator: " ")
        }
    }

    /// Every packet of IPv4 but ARP: TCP's of the client and the router, and the pings.
    private static func walks(_ exchanges: [Exchange]) -> [Walk] {
        exchanges.flatMap { [$0.request, $0.reply].compactMap(\.self) }.filter {
            $0.source.isIPv4 && ($0.kind.ipProtocol == .tcp || $0.kind.ipProtocol == .icmp)
        }
    }

    private static func count(_ walks: [Walk], _ path: [String]) -> Int { walks.count { self.path($0) == path } }

    /// Of the client's ten TCP packets five go out, of its four ICMP packets two. Of the router's own ten five.
    private static func check(_ exchanges: [Exchange], out: [String], back: [String], own: [[String]]) {
        let walks = walks(exchanges)
        #expect(count(walks, out) == 5 + 2, "\(walks.map(path))")
        #expect(count(walks, back) == 5 + 2)
        for path in own { #expect(count(walks, path) == 5) }
        #expect(walks.count == 14 + 5 * own.count)
        #expect(exchanges.allSatisfy { !$0.wasStopped })
    }

    @Test("of any device, cooked, version 2: a packet is one walk through bridge and translation")
    func cooked2() throws {
        Self.check(
            try Self.exchanges([Self.file("any-sll2")]),
            out: ["host if3 in 192.0.2.2", "host if2 in 192.0.2.2", "host if4 out 203.0.113.2"],
            back: ["host if4 in 198.51.100.1", "host if2 out 198.51.100.1", "host if3 out 198.51.100.1"],
            own: [["host if4 out 203.0.113.2"], ["host if4 in 198.51.100.1"]])
    }

    @Test("of any device, cooked, version 1, which names no device: the same")
    func cooked1() throws {
        Self.check(
            try Self.exchanges([Self.file("any-sll")]),
            out: [
                "host any-sll in 192.0.2.2", "host any-sll (2) in 192.0.2.2", "host any-sll out 203.0.113.2",
            ],
            back: [
                "host any-sll in 198.51.100.1", "host any-sll out 198.51.100.1", "host any-sll (2) out 198.51.100.1",
            ],
            own: [["host any-sll out 203.0.113.2"], ["host any-sll in 198.51.100.1"]])
    }

    @Test("of the packet log: times of reading do not part packets, nor does a second rule at a hook")
    func packetLog() throws {
        Self.check(
            try Self.exchanges([Self.file("nflog")]),
            out: ["host prerouting 192.0.2.2", "host forward 192.0.2.2", "host postrouting 203.0.113.2"],
            back: ["host prerouting 198.51.100.1", "host forward 198.51.100.1", "host postrouting 198.51.100.1"],
            own: [["host output 203.0.113.2", "host postrouting 203.0.113.2"], ["host prerouting 198.51.100.1"]])
    }

    @Test("of five devices: each packet from the first to the last")
    func points() throws {
        let places = [
            ("client:eth0", "client"), ("host:port", "port"), ("host:br0", "bridge"), ("host:eth0", "router"),
            ("server:eth0", "server"),
        ]
        let points = places.compactMap { CapturePoint("\($0.0)=fixtures/captures/point-\($0.1).pcap.zst") }
        let exchanges = try Self.exchanges(points)
        let walks = Self.walks(exchanges)
        let out = [
            "client eth0 192.0.2.2", "host port 192.0.2.2", "host br0 192.0.2.2", "host eth0 203.0.113.2",
            "server eth0 203.0.113.2",
        ]
        #expect(Self.count(walks, out) == 5 + 2, "\(walks.map(Self.path))")
        // One answer bears one microsecond on both ends of its first cable, which does not tell their order.
        let back = ["client eth0", "host br0", "host eth0", "host port", "server eth0"].map { "\($0) 198.51.100.1" }
        #expect(walks.count { Self.path($0).sorted() == back } == 5 + 2)
        #expect(walks.count == 14 + 10)
        #expect(exchanges.allSatisfy { !$0.wasStopped })
        // What stays on a link is translated by nobody.
        for exchange in exchanges where !exchange.request.source.isIPv4 {
            #expect(Set(exchange.request.hops.map(\.packet.source)).count == 1)
        }
    }

    @Test("are replayed in order", arguments: ["any-sll2", "any-sll", "nflog", "point-client"])
    func order(name: String) throws {
        let starts = try Self.exchanges([Self.file(name)]).map(\.request.startNanoseconds)
        #expect(starts.count > 4 && starts == starts.sorted())
    }
}
