import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// Packets to an address of a router that is not for the router: conntrack translates it back to a sender's. Seen by
/// captures alone, such a packet looks as if it had arrived.
@Suite struct TranslatedBackTests {
    private func network() -> Scene {
        var scene = Scene(baseNetwork())
        for (namespace, device) in [
            ("mynamespace", "veth1"), ("host", "veth0"), ("host", "mybridge"), ("host", "eth0"), ("wan", "wan0"),
        ] { scene.watch(namespace, device) }
        return scene
    }

    /// "Time exceeded" about a datagram that the router sent on with its own address.
    private func error() -> PacketHeaders {
        var headers = packet("203.0.113.1", "203.0.113.2", label: 0xe, proto: .icmp)
        headers.icmpType = 11
        headers.flags = [.quotesPacket, .hasTransport]
        headers.quotedSource = address("203.0.113.2")
        headers.quotedDestination = address("192.0.2.2")
        headers.quotedProtocol = .udp
        headers.quotedSourcePort = 4000
        headers.quotedDestinationPort = 33434
        headers.quotedLabel = 0xf
        return headers
    }

    private func masquerade(_ scene: inout Scene, for sender: String) {
        scene.conntrack(
            "host", original: tuple(sender, 4000, "192.0.2.2", 33434, .udp),
            reply: tuple("192.0.2.2", 33434, "203.0.113.2", 4000, .udp), at: 0)
    }

    private func outcome(_ headers: PacketHeaders, _ configure: (inout Scene) -> Void) -> Walk.Outcome? {
        var scene = network()
        configure(&scene)
        // What is under way at either edge of a stream says nothing.
        scene.see("wan", "wan0", .out, at: 0, packet("203.0.113.1", "203.0.113.2", label: 0x2))
        scene.see("wan", "wan0", .out, at: 200_000, headers)
        scene.see("host", "eth0", .in, at: 200_004, headers)
        scene.see("wan", "wan0", .out, at: 900_000, packet("203.0.113.1", "203.0.113.2", label: 0x1))
        return scene.walks().first { $0.path.contains("host eth0 in") }?.outcome
    }

    @Test func anErrorForASenderBehindTheRouterHasNotArrived() {
        #expect(outcome(error()) { masquerade(&$0, for: "172.19.0.2") } == .lost)
    }

    @Test func aReplyForASenderBehindTheRouterHasNotArrived() {
        let reply = packet(
            "192.0.2.2", "203.0.113.2", label: 0xb, sourcePort: 33434, destinationPort: 4000)
        #expect(outcome(reply) { masquerade(&$0, for: "172.19.0.2") } == .lost)
    }

    @Test func whatTheRouterItselfAskedForHasArrived() {
        #expect(outcome(error()) { _ in } == .left)
        #expect(outcome(error()) { masquerade(&$0, for: "172.19.0.1") } == .left)
    }

    /// A packet that was translated already is where it was meant for: what it was before is not where it goes.
    @Test func whatWasTranslatedToTheRouterHasArrived() {
        let translated = packet("203.0.113.1", "203.0.113.2", label: 0xb, sourcePort: 4000, destinationPort: 80)
        let outcome = outcome(translated) {
            $0.conntrack(
                "host", original: tuple("203.0.113.1", 4000, "198.18.0.1", 8080, .udp),
                reply: tuple("203.0.113.2", 80, "203.0.113.1", 4000, .udp), at: 0)
        }
        #expect(outcome == .left)
    }
}
