import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Without hooks a packet is seen on links alone: that a socket took it only its reply shows, or the socket.
@Suite("A packet that nobody watched behind its device")
struct UnwatchedArrivalTests {
    var network = BaseNetwork()

    private func explained(_ walk: Walk, reply: Walk? = nil) -> Walk {
        network.explained(walk, reply: reply).walk
    }

    /// Seen at these places, the last of which is a device of its receiver.
    private func arrival(_ probe: Probe, through sights: [Sight], answers: String? = nil) -> Walk {
        var walk = probe.walk(.left, through: sights, answers: answers)
        walk.witness.isAtReceiver = true
        return walk
    }

    private let fromWan: [Sight] = [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")]

    @Test("is dropped by a rule of input", arguments: [Probe.ping, .tcp(80, to: "198.51.100.1")])
    mutating func input(probe: Probe) throws {
        network.masquerade(nil)
        network.add(iptables("filter", "INPUT", rules: ["-i wan0 -j DROP"]), to: "wan")
        let walk = explained(arrival(probe, through: toWan))
        let first = try #require(walk.findings.first)
        #expect(first.code == "rule-drop" && first.severity == .error)
        #expect(first.where.namespace == "wan" && first.where.hook == .input)
        #expect(first.evidence.first?.description == "seen: last at wan wan0 in")
        #expect(walk.outcome == .dropped)
        #expect(walk.hops.last?.vantage == .link)
    }

    @Test("is sent on by a translation, and dropped there")
    mutating func forwarded() throws {
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]),
            iptables("filter", "FORWARD", rules: ["-i eth0 -j DROP"]))
        let walk = explained(arrival(.tcp(8080, to: "203.0.113.2", from: "203.0.113.1"), through: fromWan))
        let first = try #require(walk.findings.first)
        #expect(first.code == "dnat-not-forwarded" && first.severity == .error)
        #expect(first.where.hook == .forward)
        #expect(walk.outcome == .dropped)
    }

    @Test("stays where it was seen where nothing stops it, and no more is claimed")
    mutating func silent() throws {
        let walk = explained(arrival(.ping, through: toWan))
        let first = try #require(walk.findings.first)
        #expect(walk.outcome == .left)
        #expect(first.severity == .warning)
        #expect(!first.evidence.contains { $0.description.contains("socket in") }, "\(first.evidence)")
    }

    @Test("was taken where a reply came, whatever the rules seem to say")
    mutating func answered() {
        network.add(iptables("filter", "INPUT", rules: ["-i wan0 -j DROP"]), to: "wan")
        let request = arrival(.ping, through: toWan)
        let reply = arrival(
            Probe.ping.reply, through: [.sent("wan"), .out("wan", "wan0"), .into("mynamespace", "veth1")],
            answers: request.id)
        var exchange = Exchange(request: request, reply: reply)
        exchange.confirmArrival()
        #expect(exchange.request.outcome == .delivered && exchange.arrived)
        #expect(exchange.request.hops.last.map { $0.vantage == .socket && $0.namespace == "wan" } == true)
        #expect(explained(exchange.request, reply: reply).findings.isEmpty)
    }

    @Test("was not taken for a refusal: a rule can refuse as well")
    mutating func refused() throws {
        let request = arrival(.tcp(80, to: "198.51.100.1"), through: toWan)
        let refusal = Probe.tcp(80, to: "198.51.100.1").refusal
        let reply = arrival(
            refusal, through: [.sent("wan"), .out("wan", "wan0"), .into("mynamespace", "veth1")], answers: request.id)
        var exchange = Exchange(request: request, reply: reply)
        exchange.confirmArrival()
        #expect(exchange.request.outcome == .left)
        network.masquerade(nil)
        network.change("wan") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 80)] }
        network.add(
            iptables(
                "filter", "INPUT",
                rules: [
                    "-p tcp --dport 80 -m statistic --mode random --probability 0.5 -j REJECT --reject-with tcp-reset"
                ]), to: "wan")
        let walk = explained(request, reply: reply)
        let first = try #require(walk.findings.first)
        #expect(first.code == "rule-reject" && first.severity == .warning, "\(first.message)")
        #expect(first.where.namespace == "wan" && first.where.hook == .input)
        #expect(walk.outcome == .rejected)
    }

    @Test(
        "may be dropped by a rule that asks what can't be told: what would stop its reply is possible then, and no more"
    )
    mutating func possible() throws {
        network.masquerade(nil)
        network.add(
            iptables("filter", "INPUT", rules: ["-i wan0 -m statistic --mode random --probability 0.5 -j DROP"]),
            to: "wan")
        network.change("wan") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 80)] }
        let walk = explained(arrival(.tcp(80, to: "198.51.100.1"), through: toWan))
        #expect(walk.outcome == .left)
        #expect(walk.findings.first?.where.hook == .input, "\(walk.findings.map(\.message))")
        #expect(walk.findings.count == 2)
        #expect(walk.findings.allSatisfy { $0.severity == .warning })
    }

    /// Told when the packet had passed, or a second later: then of one that was sent again.
    @Test(
        "was taken where conntrack of its receiver made an entry for it, whatever the rules seem to say",
        arguments: [1_000, 1_000_000_000] as [Int64])
    mutating func tracked(later: Int64) throws {
        network.masquerade(nil)
        network.add(iptables("filter", "INPUT", rules: ["-i wan0 -j DROP"]), to: "wan")
        let tuple = FlowTuple(
            source: "172.19.0.2", destination: "198.51.100.1", sourcePort: 40000, destinationPort: 80, ipProtocol: .tcp)
        let arrival = arrival(.tcp(80, to: "198.51.100.1"), through: toWan)
        let walk = network.explained(arrival) { context in
            context.flows = [
                FlowEvent(
                    timeNanoseconds: arrival.endNanoseconds + later, namespace: "wan", change: .new, original: tuple,
                    reply: tuple.reversed)
            ]
        }.walk
        guard later < 1_000_000 else {
            #expect(walk.outcome != .delivered && walk.findings.first?.code == "rule-drop")
            return
        }
        #expect(walk.outcome == .delivered)
        #expect(walk.findings.first?.rule == nil)
    }

    @Test("and is a reply that its asker never got: a rule of input there dropped it")
    mutating func unheard() throws {
        network.add(iptables("filter", "INPUT", rules: ["-p icmp -j DROP"]), to: "mynamespace")
        let request = arrival(.ping, through: toWan)
        let way: [Sight] = [.sent("wan"), .out("wan", "wan0"), .into("mynamespace", "veth1")]
        let context = DiagnosisContext(topology: network.topology)
        let lost = Exchange(
            request: request, reply: arrival(Probe.ping.reply, through: way, answers: request.id))
        let exchange = try #require(Diagnosis.unheard(lost, context: context))
        let first = try #require(exchange.request.findings.first)
        #expect(first.code == "rule-drop" && first.severity == .error)
        #expect(first.where.namespace == "mynamespace" && first.where.hook == .input)
        #expect(!exchange.arrived)
        // A hook saw it pass.
        let seen = Exchange(
            request: request,
            reply: arrival(
                Probe.ping.reply, through: way + [.hook("mynamespace", .input, .filter)], answers: request.id))
        #expect(Diagnosis.unheard(seen, context: context) == nil)
        // Why it is of no use to the asker is known.
        var known = lost
        known.request.findings = [
            Finding(
                code: "hairpin-missing", severity: .error, where: Finding.Place(namespace: "host"), message: "",
                evidence: [])
        ]
        let kept = try #require(Diagnosis.unheard(known, context: context))
        #expect(kept.request.findings == known.request.findings)
        #expect(kept.reply?.outcome == .lost)
    }

    @Test("and is a reply, of whose asker nothing is known but its rules: where they drop it, it was not received")
    mutating func held() throws {
        let request = arrival(.ping, through: toWan)
        let way: [Sight] = [.sent("wan"), .out("wan", "wan0"), .into("mynamespace", "veth1")]
        let exchange = Exchange(request: request, reply: arrival(Probe.ping.reply, through: way, answers: request.id))
        // Nothing stops it; what lets replies in does.
        #expect(Diagnosis.held(exchange, context: DiagnosisContext(topology: network.topology)) == nil)
        network.add(
            iptables(
                "filter", "INPUT", policy: "drop", rules: ["-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"]),
            to: "mynamespace")
        #expect(Diagnosis.held(exchange, context: DiagnosisContext(topology: network.topology)) == nil)
        network.change("mynamespace") {
            $0.netfilter.chains = [iptables("filter", "INPUT", rules: ["-p icmp -j DROP"])]
        }
        let held = try #require(Diagnosis.held(exchange, context: DiagnosisContext(topology: network.topology)))
        #expect(held.reply?.outcome == .lost && !held.arrived)
        let first = try #require(held.request.findings.first)
        #expect(first.code == "rule-drop" && first.where.namespace == "mynamespace" && first.where.hook == .input)
    }

    @Test("came from the namespace itself: rules of prerouting translate it no more")
    mutating func loopback() throws {
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]))
        network.change("mynamespace") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 80)] }
        let probe = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.2")
        let request = arrival(probe, through: [.into("host", "lo")])
        let refusal = probe.refusal
        let walk = explained(
            request, reply: arrival(refusal, through: [.into("host", "lo")], answers: request.id))
        let first = try #require(walk.findings.first)
        #expect(first.code == "port-not-published" && first.where.hook == .output, "\(first.message)")
        #expect(walk.outcome == .rejected)
    }
}

/// What is looked at depends on where a packet was last seen, and what may be said of that on what saw it.
@Suite("Where a packet was last seen")
struct LastSightTests {
    var network = BaseNetwork()

    @Test("may be the hook in which a rule drops it")
    mutating func sameHook() throws {
        network.add(iptables("filter", "INPUT", rules: ["-p icmp -j DROP"]), to: "wan")
        var walk = Probe.ping.walk(.lost, through: toWan + [.hook("wan", .input, .filter)])
        walk.expectedNext = walk.hops.last
        let first = try #require(
            network.findings(walk).first)
        #expect(first.code == "rule-drop" && first.severity == .error, "\(first.message)")
    }

    @Test("is not told of one that no probe saw")
    mutating func unseen() throws {
        network.add(iptables("filter", "OUTPUT", rules: ["-p icmp -j DROP"]), to: "mynamespace")
        let walk = Probe.ping.walk(.lost, through: [.sent("mynamespace")])
        let first = try #require(
            network.findings(walk).first)
        #expect(first.code == "rule-drop")
        #expect(!first.evidence.contains { $0.description.hasPrefix("seen: last at") }, "\(first.evidence)")
    }
}
