import Network
import Observations
import Probes
import Snapshot
import Testing
import WalkModel
import Wire

@testable import Experiment

/// A network on paper: what becomes of a packet is a question of which commands were run.
private struct PaperTrials: PacketTrials {
    var answers: @Sendable (String) -> Bool
    /// Who of those that send more than one packet are answered, by their commands.
    var opens: @Sendable (TrialPacket, String) -> Bool = { _, _ in false }
    var stopped: Walk

    private func text(_ changes: [TrialChange]) -> String { changes.map(\.text).joined(separator: "\n") }

    func explain(
        _ request: PacketRequest, from: String, changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialExplanation {
        if answers(text(changes)) {
            var walk = stopped
            walk.outcome = .delivered
            walk.stoppedAt = nil
            walk.findings = []
            return TrialExplanation(exchanges: [Exchange(request: walk)], arrived: true)
        }
        return TrialExplanation(exchanges: [Exchange(request: stopped)], arrived: false)
    }

    func send(
        _ packets: [TrialPacket], changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialAnswers {
        let text = text(changes)
        if packets.count == 1 { return TrialAnswers(answers: [answers(text) ? .answered : .silent]) }
        return TrialAnswers(answers: packets.map { opens($0, text) ? .answered : .silent })
    }
}

@Suite("A packet that failed, tried again")
struct FailureExperimentTests {
    private static func topology() throws -> Topology {
        func link(_ name: String, _ address: String, isUp: Bool = true) throws -> Link {
            var link = Link(name: name, index: 2, kind: .veth)
            link.isUp = isUp
            link.addresses = [try #require(IPPrefix(address))]
            return link
        }
        return Topology(
            host: "h", time: "",
            namespaces: [
                Namespace(
                    name: "host", inode: 1, path: "/proc/self/ns/net",
                    links: [try link("veth0", "172.19.0.1/24", isUp: false)]),
                Namespace(name: "web", inode: 2, path: "/run/netns/web", links: [try link("eth0", "172.19.0.2/24")]),
                Namespace(name: "db", inode: 3, path: "/run/netns/db", links: [try link("eth0", "172.18.0.2/24")]),
            ])
    }

    private static func walk(_ remedy: Remedy?, code: FindingCode = "link-down") throws -> Walk {
        let (source, destination) = (try #require(IPAddress("172.19.0.2")), try #require(IPAddress("172.19.0.1")))
        let hop = Hop(
            index: 0, host: "h", namespace: "web", vantage: .socket, direction: .out, evidence: [.state],
            packet: Hop.Packet(source: source, destination: destination))
        var walk = Walk(
            id: String(repeating: "0", count: 32), host: "h",
            kind: .icmp(.echoRequest(isIPv6: false, identifier: 1, sequence: 1)), source: source,
            destination: destination, sourcePort: nil, destinationPort: nil, startNanoseconds: 0, outcome: .dropped,
            hops: [hop])
        walk.stoppedAt = Stop(namespace: "host", device: "veth0")
        walk.findings = [
            Finding(
                code: code, severity: .error, where: Finding.Place(namespace: "host"), message: "it is down",
                remedy: remedy)
        ]
        return walk
    }

    private static func experiment(_ trials: PaperTrials) throws -> FailureExperiment {
        FailureExperiment(
            snapshot: HostSnapshot(host: "h", time: "", kernel: ""), topology: try topology(),
            request: PacketRequest(kind: .echo, destination: try #require(IPAddress("172.19.0.1"))), from: "web",
            trials: trials)
    }

    private static let fix = Remedy([RemedyAction(in: nil, .line("good"))])

    @Test("a fix with which it is answered is verified, and tells what it opens")
    func verified() throws {
        let walk = try Self.walk(Self.fix)
        let trials = PaperTrials(
            answers: { $0.contains("good") },
            opens: { packet, text in text.contains("good") && packet.from == "db" && packet.request.kind == .echo },
            stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        let remedy = try #require(report.exchange.request.findings.first?.remedy)
        #expect(remedy.verified)
        #expect(remedy.proof?.with == "delivered, no reply")
        #expect(remedy.proof?.opens == ["db to 172.19.0.0/24: icmp"])
        #expect(remedy.proof?.closes == [])
        #expect(try #require(remedy.proof?.tried) > 2)
    }

    @Test("a fix that does not mend is not verified; what does becomes the cause")
    func unmended() throws {
        let walk = try Self.walk(Self.fix, code: "no-route")
        let trials = PaperTrials(answers: { $0.contains("veth0 up") }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        let findings = report.exchange.request.findings
        #expect(findings.map(\.code) == ["link-down", "no-route"])
        #expect(findings[0].evidence.first?.source == .tried)
        #expect(findings[0].remedy?.commands == ["ip link set dev veth0 up"])
        #expect(findings[0].remedy?.verified == true)
        #expect(findings[1].remedy?.verified == false)
        #expect(findings[1].remedy?.proof?.with.contains("it is down") == true)
    }

    @Test("where the rebuilt network answers, nothing is verified and it is said")
    func differs() throws {
        let walk = try Self.walk(Self.fix)
        let trials = PaperTrials(answers: { _ in true }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        #expect(!report.isReproduced)
        #expect(
            report.remark?.hasPrefix("the twin does not fail as the host does: there the packet is delivered") == true)
        #expect(report.exchange.request.findings[0].remedy?.verified == false)
        #expect(report.exchange.request.findings[0].remedy?.proof == nil)
    }

    @Test("nor where it fails at another place")
    func elsewhere() throws {
        let walk = try Self.walk(Self.fix)
        var other = walk
        other.stoppedAt = Stop(namespace: "web", device: "eth0")
        let trials = PaperTrials(answers: { $0.contains("good") }, stopped: other)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        #expect(!report.isReproduced)
        #expect(report.exchange.request.findings[0].remedy?.verified == false)
    }

    @Test("a rule of nft has another handle in a rebuilt network: it is found by its position")
    func handles() throws {
        var topology = try Self.topology()
        topology.namespaces[0].netfilter = Netfilter(chains: [
            RuleChain(
                backend: .nft, family: .inet, table: "t", name: "c",
                rules: [Rule(position: 1, handle: 4, text: "accept"), Rule(position: 2, handle: 9, text: "drop")])
        ])
        let commands = TwinCommands(topology, home: "host")
        let action = RemedyAction.nft(topology.namespaces[0], "insert rule inet t c handle 9 ip saddr 10.0.0.1 accept")
        #expect(commands.command(action).contains("sed -n 2p"))
        #expect(!commands.command(action).contains("handle 9"))
    }
}

@Suite("Side effects")
struct SideEffectTests {
    private static func probe(_ source: String, _ destination: String, _ kind: String) throws -> ProbeKinds.Probe {
        let address = try #require(IPAddress(destination))
        return ProbeKinds.Probe(
            packet: TrialPacket(from: source, PacketRequest(kind: .echo, destination: address)), source: source,
            destination: address, kind: kind)
    }

    @Test("are folded into senders, networks and ports")
    func folding() throws {
        let network = try #require(IPPrefix("172.19.0.0/24"))
        var all: [ProbeKinds.Probe] = []
        for source in ["db", "web"] {
            for destination in ["172.19.0.1", "172.19.0.2", "10.0.0.1"] {
                for kind in ["icmp", "tcp 80", "tcp 443", "udp 53"] {
                    all.append(try Self.probe(source, destination, kind))
                }
            }
        }
        func folded(_ choose: (ProbeKinds.Probe) -> Bool) -> [String] {
            SideEffects.folded(all.filter(choose), of: all, networks: [network])
        }
        #expect(folded { network.contains($0.destination) } == ["db, web to 172.19.0.0/24: anything"])
        #expect(
            folded { $0.destination.description == "172.19.0.1" && $0.kind.hasPrefix("tcp") && $0.source == "db" }
                == ["db to 172.19.0.1: tcp 80, 443"])
        #expect(folded { $0.kind == "icmp" } == ["db, web to 172.19.0.0/24, 10.0.0.1: icmp"])
        #expect(folded { _ in false }.isEmpty)
    }

    @Test("a refusal by the receiver shows that a packet arrived; one by a router does not")
    func arrival() throws {
        let address = try #require(IPAddress("10.0.0.1"))
        func probe(_ kind: PacketRequest.Kind) -> ProbeKinds.Probe {
            ProbeKinds.Probe(
                packet: TrialPacket(from: "web", PacketRequest(kind: kind, destination: address)), source: "web",
                destination: address, kind: "")
        }
        let reset = TrialAnswer.refused(errorNumber: 111, byICMP: false)
        let unreachable = TrialAnswer.refused(errorNumber: 111, byICMP: true)
        #expect(SideEffects.hasArrived(probe(.tcp(80)), reset))
        #expect(!SideEffects.hasArrived(probe(.tcp(80)), unreachable))
        #expect(SideEffects.hasArrived(probe(.udp(80)), unreachable))
        #expect(!SideEffects.hasArrived(probe(.udp(80)), .refused(errorNumber: 113, byICMP: true)))
        #expect(!SideEffects.hasArrived(probe(.echo), .silent))
    }
}
