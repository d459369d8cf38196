import Correlation
import Observations
import Testing
import Network
import WalkModel
import Wire

/// A ping from mynamespace to the WAN and its answer, as the kernel of the base network shows them.
@Suite struct BaseNetworkTests {
    /// `mybridge in` has the same time stamp as `veth0 in`: the kernel stamps a packet once as it comes in.
    static func ping(hooks: Bool, conntrackAt: Double = 40, postroutingReadAt: Double = 900) -> Scene {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        scene.watch("host", "mybridge")
        scene.watch("host", "eth0")
        scene.watch("wan", "wan0")
        if hooks { scene.watchHooks("host") }
        let inner = echo("172.19.0.2", "198.51.100.1", request: true, id: 5001, sequence: 1, label: 0xa)
        let routed = echo("172.19.0.2", "198.51.100.1", request: true, id: 5001, sequence: 1, label: 0xa, ttl: 63)
        let outer = echo("203.0.113.2", "198.51.100.1", request: true, id: 5001, sequence: 1, label: 0xa, ttl: 63)
        scene.see("mynamespace", "veth1", .out, at: 0, inner)
        scene.see("host", "veth0", .in, at: 4.25, inner)
        scene.see("host", "mybridge", .in, at: 4.25, inner)
        if hooks {
            scene.log("host", .prerouting, .raw, .before, at: 4.25, sequence: 1, inner)
            scene.log("host", .prerouting, .dstnat, .after, at: 4.25, sequence: 2, inner)
            scene.log("host", .forward, .filter, .after, at: 4.25, sequence: 3, routed)
            scene.log("host", .postrouting, .srcnat, .before, at: postroutingReadAt, sequence: 4, routed)
            scene.log("host", .postrouting, .srcnat, .after, at: postroutingReadAt + 1, sequence: 5, outer)
        }
        scene.see("host", "eth0", .out, at: 24, outer)
        scene.see("wan", "wan0", .in, at: 28, outer)
        scene.conntrack(
            "host", original: tuple("172.19.0.2", 5001, "198.51.100.1", 5001, .icmp),
            reply: tuple("198.51.100.1", 5001, "203.0.113.2", 5001, .icmp), at: conntrackAt)
        let answer = echo("198.51.100.1", "203.0.113.2", request: false, id: 5001, sequence: 1, label: 0xb)
        let inside = echo("198.51.100.1", "172.19.0.2", request: false, id: 5001, sequence: 1, label: 0xb, ttl: 63)
        let translated = echo("198.51.100.1", "172.19.0.2", request: false, id: 5001, sequence: 1, label: 0xb)
        scene.see("wan", "wan0", .out, at: 40, answer)
        scene.see("host", "eth0", .in, at: 44.5, answer)
        if hooks {
            scene.log("host", .prerouting, .raw, .before, at: 44.5, sequence: 6, answer)
            scene.log("host", .prerouting, .dstnat, .after, at: 44.5, sequence: 7, translated)
            scene.log("host", .forward, .filter, .after, at: 44.5, sequence: 8, inside)
        }
        scene.see("host", "mybridge", .out, at: 60, inside)
        scene.see("host", "veth0", .out, at: 61, inside)
        scene.see("mynamespace", "veth1", .in, at: 65, inside)
        return scene
    }

    @Test func pingAndAnswerOnLinks() throws {
        let walks = Self.ping(hooks: false).walks()
        #expect(walks.count == 2)
        let request = try #require(walks.first)
        #expect(
            request.path == [
                "mynamespace socket out", "mynamespace veth1 out", "host veth0 in", "host mybridge in", "host route",
                "host eth0 out", "wan wan0 in",
            ])
        #expect(request.outcome == .left)
        #expect(request.summary == "ICMP echo request id 5001 seq 1")
        #expect(request.source == "172.19.0.2")
        #expect(request.hops.map(\.parent) == [nil, 0, 1, 2, 3, 4, 5])
        #expect(request.hops.map(\.offsetNanoseconds) == [0, 0, 4250, 4250, 4250, 24_000, 28_000])
        #expect(
            request.hops[5].changes == [
                FieldChange.source(from: "172.19.0.2", to: "203.0.113.2"),
                FieldChange.ttl(from: 64, to: 63),
            ])
        #expect(request.hops[5].evidence == [.seen, .conntrack])
        #expect(timestamp(request.startNanoseconds) == "2026-11-23T01:58:14.000000000Z")
        #expect(request.durationNanoseconds == 28_000)
        let answer = try #require(walks.last)
        #expect(
            answer.path == [
                "wan socket out", "wan wan0 out", "host eth0 in", "host route", "host mybridge out", "host veth0 out",
                "mynamespace veth1 in",
            ])
        #expect(answer.outcome == .left)
        #expect(answer.answers == request.id)
    }

    @Test func pingAndAnswerWithHooks() throws {
        let walks = Self.ping(hooks: true).walks()
        #expect(walks.count == 2)
        let request = try #require(walks.first)
        #expect(
            request.path == [
                "mynamespace socket out", "mynamespace veth1 out", "host veth0 in", "host mybridge in",
                "host prerouting raw before", "host prerouting dstnat after", "host route",
                "host forward filter after", "host postrouting srcnat before", "host postrouting srcnat after",
                "host eth0 out", "wan wan0 in",
            ])
        #expect(request.hops.allSatisfy { $0.confidence == .exact })
        let translated = try #require(request.hops.first { $0.stage == .srcnat && $0.edge == .after })
        #expect(translated.changes == [FieldChange.source(from: "172.19.0.2", to: "203.0.113.2")])
        #expect(translated.evidence == [.log, .conntrack])
        let answer = try #require(walks.last)
        #expect(
            answer.path == [
                "wan socket out", "wan wan0 out", "host eth0 in", "host prerouting raw before",
                "host prerouting dstnat after", "host route", "host forward filter after", "host mybridge out",
                "host veth0 out", "mynamespace veth1 in",
            ])
        #expect(answer.answers == request.id)
    }

    @Test func conntrackMaySpeakLaterThanThePacketsPass() {
        let walks = Self.ping(hooks: false, conntrackAt: 100_000).walks()
        #expect(walks.map(\.outcome) == [.left, .left])
        #expect(walks.first?.hops.contains { $0.evidence.contains(.conntrack) } == true)
    }
}
