import Observations
import Testing
import Network
import WalkModel

@testable import Query
import Wire

/// 172.19.0.2 pings 198.51.100.1 through mybridge; dropped in the forward hook, or out of eth0 with masquerade.
private func walk(outcome: Walk.Outcome) -> Walk {
    func packet(_ source: IPAddress) -> Hop.Packet {
        Hop.Packet(source: source, destination: "198.51.100.1", ttl: 64, length: 84, mark: 7)
    }
    var hops = [
        Hop(
            index: 0, namespace: "mynamespace", device: "veth1", vantage: .link, direction: .out,
            packet: packet("172.19.0.2")),
        Hop(
            index: 1, parent: 0, namespace: "host", device: "veth0", vantage: .link, direction: .in,
            offsetNanoseconds: 4000, packet: packet("172.19.0.2")),
        Hop(
            index: 2, parent: 1, namespace: "host", device: "mybridge", vantage: .link, direction: .in,
            offsetNanoseconds: 9000, packet: packet("172.19.0.2")),
    ]
    var stop: Stop?
    if outcome == .dropped {
        let rule = RuleReference(
            family: "ip", table: "filter", chain: "FORWARD", position: 1, verdict: "drop", text: "-A FORWARD -j DROP")
        stop = Stop(
            namespace: "host", vantage: .netfilter, hook: .forward, stage: .filter,
            cause: .kernelDrop(reason: "NETFILTER_DROP", location: nil), rule: rule
        )
    } else {
        hops.append(
            Hop(
                index: 3, parent: 2, namespace: "host", vantage: .netfilter, hook: .postrouting, stage: .srcnat,
                offsetNanoseconds: 10_000, packet: packet("203.0.113.2"),
                changes: [.source(from: "172.19.0.2", to: "203.0.113.2")]))
        hops.append(
            Hop(
                index: 4, parent: 3, namespace: "host", device: "eth0", vantage: .link, direction: .out,
                offsetNanoseconds: 20_000, packet: packet("203.0.113.2")))
    }
    return Walk(
        id: "5f0c", kind: .icmp(.echoRequest(identifier: 5001, sequence: 1)), source: "172.19.0.2",
        destination: "198.51.100.1", startNanoseconds: 1_795_399_094_860_946_123,
        durationNanoseconds: hops[hops.count - 1].offsetNanoseconds,
        outcome: outcome, hops: hops, stoppedAt: stop,
        findings: outcome == .dropped
            ? [Finding(code: "rule-drop", severity: .error, where: .init(), message: "dropped by a rule")] : [])
}

@Suite struct WalkFilterTests {
    @Test(
        "what a filter says of a dropped walk and of one that left",
        arguments: [
            ("outcome = dropped", true, false),
            (#"outcome == "dropped" and passes("mybridge") and not reaches("eth0")"#, true, false),
            ("outcome != dropped", false, true),
            ("nat", false, true),
            ("not translated", true, false),
            ("latency > 10us", false, true),
            ("duration <= 0.009ms", true, false),
            ("hops >= 5 or finding('rule-drop')", true, true),
            ("finding('rule-drop')", true, false),
            ("protocol == ICMP", true, true),
            ("source in 172.19.0.0/24", true, true),
            ("source == 203.0.113.2", false, true),
            ("address in 10.0.0.0/8", false, false),
            ("namespace == mynamespace", true, true),
            ("starts('mynamespace') and ends('eth0')", false, true),
            ("ends('host:forward')", true, false),
            ("reaches('forward/filter')", true, false),
            ("passes('host:postrouting/srcnat')", false, true),
            ("passes('veth0') then passes('mybridge')", true, true),
            ("passes('mybridge') then passes('veth0')", false, false),
            ("passes('veth1') then passes('mybridge') then passes('eth0')", false, true),
            ("rule('filter FORWARD') and rule('-j DROP')", true, false),
            ("reason == NETFILTER_DROP", true, false),
            ("mark == 0x7 and not (ttl < 64 or port == 80)", true, true),
            ("reply or lossy or forked", false, false),
        ])
    func meaning(text: String, dropped: Bool, left: Bool) throws {
        let filter = try WalkFilter(text)
        #expect(filter.matches(walk(outcome: .dropped)) == dropped)
        #expect(filter.matches(walk(outcome: .left)) == left)
    }

    /// `host` is a container `gateway`, `mynamespace` one of two of the Compose service `api`.
    private static func network(time: String, _ names: [String: (container: String, service: String)]) -> Topology {
        let namespaces = names.sorted { $0.key < $1.key }.map { name, called in
            var namespace = Namespace(
                name: name, inode: 1, path: "", containers: [called.container], links: [])
            namespace.workloads = [
                Workload(.service, called.service, in: "shop", by: .docker),
                Workload(.unit, "\(called.service).service", by: .systemd),
            ]
            return namespace
        }
        return Topology(host: "h", time: time, namespaces: namespaces)
    }

    @Test(
        "a container, a service, a pod or a unit stands for its namespaces",
        arguments: [
            ("namespace == api", true), ("namespace == shop/api", true), ("namespace != api", false),
            ("namespace == api.service", true), ("namespace == gateway", true), ("namespace == db", false),
            ("passes('api') then passes('gateway')", true), ("passes('gateway') then passes('api')", false),
            ("passes('gateway:mybridge')", true), ("passes('api:mybridge')", false), ("starts('shop/api')", true),
            ("ends('gateway:forward/filter')", true), ("reaches('db')", false), ("not passes('api')", false),
            // A name of its own goes before what is called so.
            ("namespace == host", true), ("passes('mynamespace')", true),
        ])
    func names(text: String, holds: Bool) throws {
        var filter = try WalkFilter(text)
        let names = [
            "host": ("gateway", "proxy"), "mynamespace": ("shop-api-1", "api"), "other": ("shop-api-2", "api"),
            "third": ("host", "db"),
        ]
        filter.learnNames(from: Self.network(time: "1", names))
        #expect(filter.matches(walk(outcome: .dropped)) == holds)
    }

    @Test("what a name stood for is kept once the container has gone") func goneNames() throws {
        var filter = try WalkFilter("namespace == api")
        #expect(!filter.matches(walk(outcome: .dropped)))
        filter.learnNames(from: Self.network(time: "1", ["mynamespace": ("shop-api-1", "api")]))
        filter.learnNames(from: Self.network(time: "2", ["another": ("shop-api-2", "api")]))
        #expect(filter.matches(walk(outcome: .dropped)))
    }

    @Test(
        "an error says where and what was expected",
        arguments: [
            ("", 0, "expected a condition"), ("outcome", 7, "expected a comparison"),
            ("outcome == flying", 11, "delivered"),
            ("outcome < dropped", 8, "no order"), ("passes(", 7, "a name in quotes"), ("passes('a'", 10, "')'"),
            ("nat nat", 4, "'and'"), ("colour == red", 0, "no 'colour': expected outcome"),
            ("dropped", 0, #"write outcome == "dropped""#), ("outcom == lost", 0, "did you mean 'outcome'?"),
            ("pases('a')", 0, "did you mean 'passes'?"), ("latency > 5", 10, "no duration"),
            ("source == nowhere", 10, "no address"), ("hops == many", 8, "no number"), ("outcome ! dropped", 8, "'!='"),
            ("nat then passes('a')", 0, "orders places"), ("'abc", 0, "has no end"),
            ("nat & reply", 4, "means nothing"),
            ("(nat", 4, "')'"),
        ])
    func errors(text: String, offset: Int, part: String) {
        do {
            _ = try WalkFilter(text)
            Issue.record("accepted: \(text)")
        } catch let error as QueryError {
            #expect(error.offset == offset)
            #expect(error.reason.contains(part), "\(error.reason)")
            #expect(!error.description.contains("\n"))
        } catch {
            Issue.record("another error: \(error)")
        }
    }

    @Test func `a finding code that is nearly one is no condition, one of another version is`() throws {
        let codes = ["no-route", "rule-drop"]
        #expect(throws: QueryError(offset: 8, reason: "there is no finding 'no-rute': did you mean 'no-route'?")) {
            try WalkFilter("finding(no-rute)", findingCodes: codes)
        }
        for text in ["finding(no-route)", "finding('of-later')"] { _ = try WalkFilter(text, findingCodes: codes) }
    }

    @Test func depthIsBounded() {
        #expect(throws: QueryError.self) { try WalkFilter(String(repeating: "(", count: 100_000)) }
    }

    @Test("a summary counts outcomes, rules, places and the time between links") func summary() throws {
        var summary = Summary()
        for _ in 0..<3 { summary.add(walk(outcome: .dropped)) }
        summary.add(walk(outcome: .left))
        let report = summary.report()
        #expect(report.walks == 4)
        #expect(report.outcomes == ["dropped": 3, "left": 1])
        #expect(report.flows.map(\.name) == ["icmp 172.19.0.2 → 198.51.100.1"])
        #expect(report.findings.first == .init(name: "rule-drop", walks: 3, outcomes: ["dropped": 3]))
        #expect(report.places.map(\.name) == ["host:forward/filter"])
        #expect(report.droppingRules.first?.name == "ip filter FORWARD 1: -A FORWARD -j DROP")
        let out = try #require(report.latencies.first { $0.to == "host:eth0 out" })
        #expect(out.from == "host:mybridge in")
        #expect(out.medianNanoseconds == 11_000)
        #expect(report.outcomeWords == "3 dropped, 1 left")
        #expect(report.tables.first?.title == "where packets stopped")
        #expect(report.tables.first?.rows == [["3", "3 dropped", "host:forward/filter"]])
    }

    @Test("a quantile is right within an eighth") func quantiles() {
        var histogram = DurationHistogram()
        for value in 1...100_000 { histogram.add(Int64(value)) }
        #expect(abs(histogram.quantile(0.5) - 50_000) < 6250)
        #expect(abs(histogram.quantile(0.99) - 99_000) < 12_375)
    }
}
