import Wire
import Observations
import Testing
import Network
import WalkModel

@testable import Views

/// What the eye should find, written out from the networks' commands.
@Suite struct WalkTextTests {
    private func lines(_ name: String, _ options: RenderOptions = RenderOptions(), topology: Topology? = nil) throws
        -> [String]
    {
        let fixture = try WalkFixture.load(name)
        let text = try WalkRenderer(format: .text, options: options, topology: topology)
            .render(fixture.request, reply: fixture.reply)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func aDatagramInPiecesSaysSo() throws {
        let wide = RenderOptions(width: 120)
        var fixture = try WalkFixture.load("namespace-to-wan")
        // From the bridge on it is whole.
        for index in 0..<5 { fixture.request.hops[index].packet.fragments = 2 }
        let whole = try WalkRenderer(format: .text, options: wide).render(fixture.request, reply: nil)
        #expect(whole.split(separator: "\n").count { $0.contains("in 2 fragments") } == 1)
        fixture.request.hops[0].packet.fragments = 1
        let part = try WalkRenderer(format: .text, options: wide).render(fixture.request, reply: nil)
        #expect(part.contains("1 fragment of it"))
    }

    @Test func whatWouldAlsoBlockIsSaidOnce() {
        let findings = ["no route", "would also block: a rule"].enumerated().map { index, message in
            Finding(
                code: "no-route", severity: index == 0 ? .error : .warning, where: Finding.Place(namespace: "web"),
                message: message, evidence: [])
        }
        let lines = FindingText(Pen(RenderOptions())).heads(findings).map { $0.plain }
        #expect(lines == [" cause          no route (no-route)", " also           a rule (no-route)"])
    }

    @Test func aPingToTheWANIsDrawnWhole() throws {
        let expected = """
            ✔ delivered   ping mynamespace → 198.51.100.1  seq 1   reply after 194 µs

              mynamespace              host                                     wan
             ┌────────────────────┐   ┌────────────────────────────────────┐   ┌──────────┐
             │ ping  route  veth1 ├───┤ veth0  mybridge  route  SNAT  eth0 ├───┤ wan0  ✔  │
             └────────────────────┘   └────────────────────────────────────┘   └──────────┘
                1      2      3           4       5        6     7     8          9    10

              1 mynamespace  sent         172.19.0.2 → 198.51.100.1  ttl 64       state
              2              route        via 172.19.0.1 on veth1, default route  kernel
              3              veth1 out                                     +6 µs  seen
              4 host         veth0 in                                      +4 µs  seen
              5              mybridge in                                   +3 µs  seen
              6              route        via 203.0.113.1 on eth0, default route  kernel
              7              postrouting  source 172.19.0.2 ⇒ 203.0.113.2     log, conntrack
                               iptables nat POSTROUTING 1: -s 172.19.0.0/24 -j MASQUERADE
              8              eth0 out     ttl 63                          +12 µs  seen
              9 wan          wan0 in                                       +4 µs  seen
             10              received     198.51.100.1 is local to wan            kernel
                             and 7 netfilter points passed unchanged (-v lists them)
             reply          same path back, 28 µs
                            at host prerouting: destination 203.0.113.2 ⇒ 172.19.0.2

            """
        #expect(
            try lines("namespace-to-wan")
                == expected.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    /// The router that translated the request takes the reply for its own.
    @Test func aReplyThatCameToSomebodyElseIsNoSuccess() throws {
        let fixture = try WalkFixture.load("namespace-to-wan")
        var reply = try #require(fixture.reply)
        let last = try #require(reply.hops.lastIndex { $0.namespace == "host" && $0.hook == .prerouting })
        reply.hops.removeSubrange((last + 1)...)
        let text = try WalkRenderer(format: .text).render(fixture.request, reply: reply)
        #expect(text.hasPrefix("✘ no valid reply   ping mynamespace → 198.51.100.1"))
        #expect(text.contains("✘ delivered in host, not in mynamespace"))
        #expect(!Exchange(request: fixture.request, reply: reply).arrived)
    }

    @Test func eachPlaceNamesItsHostWhereThereAreSeveral() throws {
        var walk = try WalkFixture.load("rule-drop").request
        walk.host = "alpha"
        for index in walk.hops.indices { walk.hops[index].host = "alpha" }
        var renderer = WalkRenderer(format: .text, options: RenderOptions(width: 100))
        let alone = try renderer.render(walk)
        #expect(alone.hasPrefix("✘ dropped   ping mynamespace → 198.51.100.1  seq 1   at host forward\n"))
        renderer.namesHosts = true
        let text = try renderer.render(walk)
        #expect(text.hasPrefix("✘ dropped   ping alpha/mynamespace → 198.51.100.1  seq 1   at alpha/host forward\n"))
        #expect(text.contains("\n alpha/mynamespace\n") && text.contains(" alpha/host "))
        renderer.format = .json
        #expect(try renderer.render(walk).contains(#""namespace":"mynamespace""#))
    }

    @Test func asciiHasAFormForEverySign() throws {
        let text = try lines("namespace-to-wan", RenderOptions(unicode: false))
        #expect(text[0] == "ok delivered   ping mynamespace -> 198.51.100.1  seq 1   reply after 194 us")
        #expect(text[3] == " +--------------------+   +------------------------------------+   +----------+")
        #expect(text[4] == " | ping  route  veth1 +---+ veth0  mybridge  route  SNAT  eth0 +---+ wan0  ok |")
    }

    @Test func aRuleThatDropsIsNamedWithThoseBeforeIt() throws {
        let text = try lines("rule-drop")
        #expect(text[0] == "✘ dropped   ping mynamespace → 198.51.100.1  seq 1   at host forward")
        // Cause and fix stand first, what they rest on below the drawing.
        #expect(
            text[1...].prefix(5) == [
                " cause          a rule of FORWARD drops it (rule-drop)",
                " fix            iptables -D FORWARD 3",
                "                applied: the same packet then arrives",
                "",
                "  mynamespace                 host",
            ])
        let rule = try #require(text.firstIndex { $0.hasPrefix(" rule  ") })
        #expect(
            text[(rule - 1)...].prefix(10) == [
                "",
                " rule           iptables filter FORWARD 3 (handle 12)",
                "                -A FORWARD -i mybridge -p icmp -j DROP",
                " not matched    1  -i lo -j ACCEPT",
                "                   it came in by mybridge",
                "                2  -m conntrack --ctstate ESTABLISHED -j ACCEPT",
                "                   the connection is new",
                " seen           last at host mybridge in; not at eth0 out, where nothing was",
                "                lost",
                " kernel         NETFILTER_DROP at nft_do_chain",
            ])
    }

    @Test func whatWasLostIsExpectedSomewhere() throws {
        let text = try lines("forwarding-disabled")
        #expect(text[0] == "✘ lost   TCP mynamespace → 198.51.100.1:443  SYN")
        #expect(text[1] == "  between host mybridge in and host eth0 out")
        #expect(text.contains { $0.contains("veth0   mybridge   ? eth0 │") })
        #expect(text.contains(" confirmed      net.ipv4.conf.mybridge.forwarding = 0 in host"))
        #expect(text.contains(" ruled out      no rule of forward met the packet"))
        #expect(text.contains("                (not applied)"))
        #expect(
            text.contains(" lost events    nflog host: 12 events lost; a hop that is missing there is"))
    }

    @Test func whatNeverLeftSaysWhatTheSenderGot() throws {
        let text = try lines("no-route")
        #expect(text[0] == "✘ not sent   ping mynamespace → 172.17.0.1  seq 1")
        #expect(text[1] == "  the sender got: Network is unreachable")
        #expect(text.contains(" fix            ip -n mynamespace route add default via 172.19.0.1"))
    }

    @Test func whatLeftWithoutHopeOfAnAnswerIsNoSuccess() throws {
        let text = try lines("no-source-nat")
        #expect(text[0] == "✘ no reply possible   ping mynamespace → 198.51.100.1  seq 1   left host by eth0")
        #expect(text.contains { $0.hasSuffix("eth0 ├────▸ outside") })
    }

    @Test func copiesOfAFloodedPacketAreNamed() throws {
        let text = try lines("same-bridge")
        #expect(text.contains("                ↳ copy: veth4 out, third veth5 in"))
    }

    @Test func anAnswerThatCameAnotherWayIsDrawnOnItsOwn() throws {
        let text = try lines("policy-routing")
        #expect(
            text.contains(" reply          ✔ delivered by a different path  198.51.100.1 → 203.0.113.2"))
        #expect(text.contains { $0.contains("├───┤ eth0  DNAT  route  mybridge  veth0 ├───┤") })
    }

    @Test func aLongWayGoesOnInAnotherRow() throws {
        let text = try lines("vxlan-overlay")
        #expect(text.contains { $0.hasSuffix("vxlan42  route  eth0 ├═══▸") })
        #expect(text.contains { $0.hasPrefix(" ───▸┤ eth0  vxlan42  veth2 ├") })
        let wide = try lines("vxlan-overlay", RenderOptions(width: 120))
        #expect(wide.contains { $0.contains("route  eth0 ├═══┤ eth0  vxlan42") || $0.contains("eth0 ├════┤ eth0") })
    }

    @Test func anUncertainJoinSaysSo() throws {
        let text = try lines("ipv6-to-wan")
        #expect(text.contains { $0.hasSuffix("log, conntrack ≈") })
        #expect(text.contains { $0.hasSuffix("≈ probable match, not exact (-v: matched by which fields)") })
    }

    @Test func theTopologyAddsWhatADeviceIs() throws {
        let text = try lines("namespace-to-wan", topology: SampleNetworks.base)
        #expect(text.contains { $0.contains("veth0 in     port of mybridge") })
        // A frame from port to port crosses the bridge, which no capture on it sees.
        let flooded = try lines("same-bridge", topology: SampleNetworks.base)
        #expect(flooded.contains { $0.contains("veth0   mybridge   veth2") })
    }

    @Test func oneLineAWalkIsEnoughWhenThereAreMany() throws {
        let quiet = RenderOptions(verbosity: .quiet)
        #expect(
            try lines("rule-drop", quiet)[0]
                == "01:58:14.860946 ✘ icmp 172.19.0.2 → 198.51.100.1 seq 1  dropped at host forward (rule-drop)")
        #expect(
            try lines("wan-to-published-port", quiet)[0]
                == "01:58:14.860946 ✔ tcp 198.51.100.1:40112 → 203.0.113.2:8080 SYN  mynamespace  reply after 189 µs"
        )
    }

    @Test func durationsHaveThreeDigitsAtMost() {
        #expect(
            [0, 999, 1000, 999_499, 999_500, 1_234_567, 12_345_678, 123_456_789, 999_500_000, 61_000_000_000].map {
                Durations.text(nanoseconds: $0)
            } == ["0 ns", "999 ns", "1 µs", "999 µs", "1.00 ms", "1.23 ms", "12.3 ms", "123 ms", "1.00 s", "61.0 s"])
        #expect(nanoseconds(rfc3339: "1970-01-02T00:00:00.5Z") == 86_400_500_000_000)
        #expect(nanoseconds(rfc3339: "2024-02-29T12:00:00Z") == 1_709_208_000_000_000_000)
        #expect(nanoseconds(rfc3339: "yesterday") == nil)
    }

    @Test func tablesAreAligned() {
        let table = Table(
            heading: ["check", "state", "remedy"],
            rows: [
                .init(["namespaces", "allowed"], mark: .good),
                .init(
                    ["BPF", "not permitted", "run as root, or with CAP_BPF and CAP_PERFMON in this namespace"],
                    mark: .bad),
            ])
        #expect(
            table.render(RenderOptions(width: 60)) == """
                  check       state          remedy
                ✔ namespaces  allowed
                ✘ BPF         not permitted  run as root, or with CAP_BPF
                                             and CAP_PERFMON in this
                                             namespace

                """)
    }

    /// Four segments of which the third stays behind: `a` sends, `host` cuts, `b` is told of three.
    @Test func segmentsAreCountedAndTheLostOneIsTold() throws {
        func hop(
            _ index: Int, _ parent: Int?, _ namespace: String, _ device: String,
            _ direction: VantagePoint.Direction, segments: (Int, Int)? = nil
        ) -> Hop {
            Hop(
                index: index, parent: parent, namespace: namespace, device: device, vantage: .link,
                direction: direction, offsetNanoseconds: Int64(index) * 1000, evidence: [.seen],
                packet: .init(source: "10.0.0.1", destination: "10.0.0.2", sourcePort: 40_000, destinationPort: 80),
                changes: segments.map { [.segments(from: $0.0, to: $0.1)] } ?? [])
        }
        var walk = Walk(
            id: "00", kind: .tcp(flags: .ack, payloadLength: 5792), source: "10.0.0.1", destination: "10.0.0.2",
            sourcePort: 40_000, destinationPort: 80, startNanoseconds: 1_795_399_094_860_946_123, outcome: .lost,
            hops: [
                hop(0, nil, "a", "eth0", .out), hop(1, 0, "host", "va", .in),
                hop(2, 1, "host", "vb", .out, segments: (1, 3)), hop(3, 1, "host", "vb", .out),
                hop(4, 2, "b", "eth0", .in),
            ])
        walk.lastSeen = walk.hops[3]
        walk.expectedNext = hop(5, 3, "b", "eth0", .in)
        func text(_ walk: Walk) throws -> [String] {
            try WalkRenderer(format: .text, options: RenderOptions(width: 100)).render(walk).split(separator: "\n")
                .map(String.init)
        }
        let lost = try text(walk)
        #expect(lost[0].hasPrefix("✘ lost   TCP a → 10.0.0.2:80"))
        #expect(lost.contains { $0.contains("vb out") && $0.contains("split into 4 segments, 3 of 4 segments") })
        #expect(lost.contains { $0.hasSuffix("↳ 1 segment: vb out, then expected at b eth0 in, not seen") })
        #expect(!lost.contains { $0.contains("expected here") })

        walk.outcome = .delivered
        walk.lastSeen = nil
        walk.expectedNext = nil
        walk.hops = [
            hop(0, nil, "a", "eth0", .out), hop(1, 0, "host", "va", .in, segments: (1, 4)),
            hop(2, 1, "host", "vb", .out), hop(3, 2, "b", "eth0", .in, segments: (4, 1)),
        ]
        let arrived = try text(walk)
        #expect(arrived.contains { $0.contains("va in") && $0.contains("split into 4 segments") })
        #expect(arrived.contains { $0.contains("eth0 in") && $0.contains("merged from 4 segments") })
    }
}
