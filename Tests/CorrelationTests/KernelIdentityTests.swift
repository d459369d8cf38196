import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// Sightings of one packet of the kernel: what its identity tells, and what it does not.
@Suite struct KernelIdentityTests {
    /// A datagram each of two senders, which the host translates to ports of its own while two processors work: the second
    /// one is done first. Nothing of conntrack is known.
    private func crossing(identities: [UInt64]) -> [Walk] {
        var scene = Scene(baseNetwork())
        scene.watchHooks("host")
        let points: [VantagePoint] = [
            .hook("host", .prerouting, .raw, .before), .hook("host", .prerouting, .dstnat, .after),
            .hook("host", .forward, .filter, .after), .hook("host", .postrouting, .srcnat, .before),
            .hook("host", .postrouting, .srcnat, .after),
        ]
        for (sender, times) in [[10, 11, 12, 20, 40.0], [15, 16, 17, 21, 39.0]].enumerated() {
            for (number, point) in points.enumerated() {
                let isBehind = number == 4
                let headers = packet(
                    isBehind ? "203.0.113.2" : "172.19.0.\(sender + 2)", "198.51.100.1", label: 0xa,
                    ttl: number < 2 ? 64 : 63, id: 0, sourcePort: isBehind ? UInt16(6000 + sender) : 5000,
                    destinationPort: 53)
                scene.see(point, at: times[number], headers, identity: identities[sender])
            }
        }
        return scene.walks()
    }

    @Test("tells apart two that look alike, across a translation of which nothing else speaks")
    func crossing() throws {
        let walks = crossing(identities: [1, 2])
        #expect(walks.count == 2)
        for sender in 0..<2 {
            let walk = try #require(walks.first { $0.source == address("172.19.0.\(sender + 2)") })
            let hooks = walk.hops.filter { $0.vantage == .netfilter }
            #expect(hooks.count == 5)
            #expect(hooks.last?.packet.sourcePort == UInt16(6000 + sender))
            for hop in hooks.dropFirst() {
                #expect(hop.confidence == .exact)
                #expect(hop.joinedBy.contains(.kernel) && hop.joinedBy.contains(.label))
            }
        }
    }

    @Test("without it the same two stay apart at the translation")
    func withoutIdentity() {
        let walks = crossing(identities: [0, 0])
        #expect(walks.count > 2)
        #expect(walks.allSatisfy { walk in !walk.hops.contains { $0.joinedBy.contains(.kernel) } })
    }

    private func echo(ttl: UInt8 = 64) -> PacketHeaders {
        packet("172.19.0.2", "198.51.100.1", label: 0xb, ttl: ttl, proto: .icmp)
    }

    @Test("an address that comes back to where it was is another packet's")
    func addressUsedAgain() {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        // The first one's sending is not heard of again until the second's: 40 µs between any two sightings.
        for start in [0.0, 80] {
            scene.see(.link("mynamespace", "veth1", .out), at: start, echo(), identity: 7)
            scene.see(.link("host", "veth0", .in), at: start + 40, echo(), identity: 7)
        }
        let walks = scene.walks()
        #expect(walks.count == 2)
        for walk in walks {
            #expect(walk.hops.filter { $0.vantage == .link }.map(\.text) == ["mynamespace veth1 out", "host veth0 in"])
        }
    }

    @Test("a clone has an address of its own, and is the same packet by its label")
    func clone() throws {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        scene.see(.link("mynamespace", "veth1", .out), at: 0, echo(), identity: 7)
        scene.see(.link("host", "veth0", .in), at: 1, echo(), identity: 8)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let last = try #require(walks[0].hops.last { $0.vantage == .link })
        #expect(last.text == "host veth0 in")
        #expect(last.joinedBy.contains(.label) && !last.joinedBy.contains(.kernel))
    }

    @Test("one that is known and one that is not do not take each other's place")
    func partlyKnown() {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        // The first is known at both ends; of the second the later sighting lost its identity.
        scene.see(.link("mynamespace", "veth1", .out), at: 0, echo(), identity: 7)
        scene.see(.link("mynamespace", "veth1", .out), at: 10, echo(), identity: 8)
        scene.see(.link("host", "veth0", .in), at: 20, echo(), identity: 9)
        scene.see(.link("host", "veth0", .in), at: 30, echo(), identity: 7)
        let walks = scene.walks().sorted { $0.startNanoseconds < $1.startNanoseconds }
        #expect(walks.count == 2)
        #expect(walks.map(\.durationNanoseconds) == [30_000, 10_000])
    }
}
