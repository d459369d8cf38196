import Observations
import Testing
import Network
import WalkModel

@testable import Twin

@Suite("Comparison with hops written by hand")
struct WalkComparisonTests {
    static let text = """
        request icmp 172.19.0.2 > 198.51.100.1 x1
        mynamespace sent
        mynamespace veth1 out
        host veth0 in
        host prerouting
        host route
        host postrouting source 172.19.0.2 => 203.0.113.2
        host eth0 out
        """

    static func link(_ namespace: String, _ device: String, _ direction: VantagePoint.Direction) -> Hop {
        Hop(
            index: 0, namespace: namespace, device: device, vantage: .link, direction: direction,
            packet: .init(source: "::", destination: "::"))
    }

    static func hook(
        _ hook: NetfilterHook, _ stage: NetfilterStage, _ changes: [FieldChange] = []
    ) -> Hop {
        Hop(
            index: 0, namespace: "host", vantage: .netfilter, hook: hook, stage: stage,
            packet: .init(source: "::", destination: "::"), changes: changes)
    }

    static let translation = FieldChange.source(from: "172.19.0.2", to: "203.0.113.2")

    static let hops = [
        link("mynamespace", "veth1", .out), link("host", "veth0", .in), hook(.prerouting, .raw),
        hook(.prerouting, .dstnat), hook(.postrouting, .filter), hook(.postrouting, .srcnat, [translation]),
        link("host", "eth0", .out),
    ]

    static func walk(_ hops: [Hop]) -> Walk {
        Walk(
            id: "00", kind: .icmp(.echoRequest(identifier: 1, sequence: 1)), source: "172.19.0.2",
            destination: "198.51.100.1", startNanoseconds: 0, outcome: .left, hops: hops)
    }

    func problems(_ walks: [Walk]) throws -> [String] {
        compare(walks, with: try ExpectedWalk.parse(Self.text, lab: "x"))
    }

    @Test("accepts the same hops, several points of a hook as one")
    func same() throws {
        #expect(try problems([Self.walk(Self.hops)]) == [])
    }

    @Test("accepts hooks left out everywhere in a namespace, where the translation then stands elsewhere: no")
    func withoutHooks() throws {
        let links = Self.hops.filter { $0.vantage == .link }
        #expect(try problems([Self.walk(links)]) == [])
        var moved = links
        moved[2].changes = [Self.translation]
        #expect(try problems([Self.walk(moved)]).count == 1)
    }

    @Test("finds a missing, an additional and a misplaced hop")
    func hops() throws {
        #expect(try problems([Self.walk(Array(Self.hops.dropLast()))]).count == 1)
        #expect(try problems([Self.walk(Self.hops + [Self.link("wan", "wan0", .in)])]).count == 1)
        var swapped = Self.hops
        swapped.swapAt(0, 1)
        #expect(try problems([Self.walk(swapped)]).count == 1)
    }

    @Test("finds a cut that is not written, and one that is written and not there")
    func cuts() throws {
        var cut = Self.hops
        cut[6].changes = [FieldChange.segments(from: 1, to: 3)]
        #expect(try problems([Self.walk(cut)]).count == 1)
        let expected = try ExpectedWalk.parse(Self.text + " cut", lab: "x")
        #expect(compare([Self.walk(cut)], with: expected) == [])
        #expect(compare([Self.walk(Self.hops)], with: expected).count == 2)
        // Beside a way without it: some packet must be cut.
        let either = try ExpectedWalk.parse("\(Self.text)\n\(Self.text) cut".replacing(" x1", with: ""), lab: "x")
        #expect(compare([Self.walk(cut), Self.walk(Self.hops)], with: either) == [])
        #expect(compare([Self.walk(Self.hops)], with: either).count == 1)
    }

    @Test("finds a missing and a wrong translation")
    func translations() throws {
        var without = Self.hops
        without[5].changes = []
        #expect(try problems([Self.walk(without)]).count == 1)
        without[5].changes = [FieldChange.source(from: "172.19.0.2", to: "203.0.113.3")]
        #expect(try problems([Self.walk(without)]).count == 1)
    }

    @Test("takes a star for the rest of a device's name")
    func star() throws {
        let expected = try ExpectedWalk.parse(
            "request icmp 172.19.0.2 > 198.51.100.1\nhost veth* in\nhost eth0 out\n", lab: "x")
        let named = [Self.link("host", "veth1a2b", .in), Self.link("host", "eth0", .out)]
        #expect(compare([Self.walk(named)], with: expected) == [])
        let other = [Self.link("host", "vxlan1", .in), Self.link("host", "eth0", .out)]
        #expect(compare([Self.walk(other)], with: expected).count == 1)
    }

    @Test("counts the walks of a flow")
    func count() throws {
        #expect(try problems([]).count == 2)
        #expect(try problems([Self.walk(Self.hops), Self.walk(Self.hops)]).count == 1)
    }

    @Test("reads every lab's expected hops")
    func files() throws {
        let working = try LabLibrary.find().labs().filter {
            $0.expected.outcome == "delivered" && $0.expected.code == nil
        }
        #expect(!working.isEmpty)
        for lab in working {
            let walks = try lab.expectedWalks()
            #expect(walks.contains { $0.kind == .request } && walks.contains { $0.kind == .answer }, "\(lab.name)")
            for walk in walks { #expect(walk.hops.last?.place == .delivered, "\(lab.name)") }
        }
    }
}
