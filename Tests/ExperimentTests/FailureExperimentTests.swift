import Network
import Observations
import Probes
import Snapshot
import Testing
import Twin
import WalkModel
import Wire

@testable import Experiment

/// A network on paper: what becomes of a packet is a question of which commands were run.
private struct PaperTrials: PacketTrials {
    var answers: @Sendable (String) -> Bool
    /// Who of those that send more than one packet are answered, by their commands.
    var opens: @Sendable (TrialPacket, String) -> Bool = { _, _ in false }
    /// A change with this in it can't be made.
    var cannotMake: String?
    var stopped: Walk

    private func text(_ changes: [TrialChange]) -> String { changes.map(\.text).joined(separator: "\n") }

    func explain(
        _ request: PacketRequest, from: String, changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialExplanation {
        if let cannotMake, text(changes).contains(cannotMake) { throw TrialError(.change, "no such thing") }
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

    @Test("a finding without a fix is proved by the change that it speaks of")
    func confirmed() throws {
        let walk = try Self.walk(nil)
        let trials = PaperTrials(answers: { $0.contains("veth0 up") }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        let findings = report.exchange.request.findings
        #expect(findings.map(\.code) == ["link-down"])
        #expect(findings[0].message == "it is down")
        #expect(findings[0].evidence.map(\.source) == [.tried])
        #expect(findings[0].remedy?.commands == ["ip link set dev veth0 up"])
        #expect(findings[0].remedy?.verified == true)
        #expect(findings[0].remedy?.proof?.opens != nil)
    }

    @Test("what a program keeps apart on purpose is left to it: its rules are not taken away")
    func meant() throws {
        let owner = OwnerRemedy("Docker", ["docker network connect secret web"])
        let walk = try Self.walk(Remedy(owner: owner), code: "network-isolation")
        let trials = PaperTrials(answers: { $0.contains("veth0 up") }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        #expect(report.isReproduced)
        #expect(report.causes.isEmpty)
        let findings = report.exchange.request.findings
        #expect(findings.map(\.code) == ["network-isolation"])
        #expect(findings[0].remedy?.commands == [])
        #expect(findings[0].remedy?.lastingCommands == ["docker network connect secret web"])
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

    @Test("of a fix's commands those that are not needed are left out")
    func superfluous() throws {
        let fix = Remedy(["one", "good", "two"].map { RemedyAction(in: nil, .line($0)) })
        let walk = try Self.walk(fix)
        let trials = PaperTrials(answers: { $0.contains("good") }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        let remedy = try #require(report.exchange.request.findings.first?.remedy)
        #expect(remedy.commands == ["good"])
        #expect(remedy.verified)
    }

    @Test("those that are needed together stay, in their order")
    func needed() throws {
        let fix = Remedy(["one", "good", "two", "better"].map { RemedyAction(in: nil, .line($0)) })
        let walk = try Self.walk(fix)
        let trials = PaperTrials(answers: { $0.contains("good") && $0.contains("better") }, stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        #expect(report.exchange.request.findings.first?.remedy?.commands == ["good", "better"])
    }

    @Test("a fix that can't be made in the twin is told beside what was tried instead")
    func unmade() throws {
        let walk = try Self.walk(Self.fix)
        let trials = PaperTrials(answers: { _ in false }, cannotMake: "good", stopped: walk)
        let report = try Self.experiment(trials).run(on: Exchange(request: walk))
        let remark = try #require(report.remark)
        #expect(
            remark.hasPrefix("the fix could not be tried: no such thing; no single change makes the packet arrive: "))
    }

    @Test("a certain cause without a fix stays first, and what helps follows; one that explains nothing gives way")
    func certainty() throws {
        for (code, place) in [("duplicate-mac", 1), ("unknown-drop", 0)] as [(FindingCode, Int)] {
            let walk = try Self.walk(nil, code: code)
            let trials = PaperTrials(answers: { $0.contains("veth0 up") }, stopped: walk)
            let report = try Self.experiment(trials).run(on: Exchange(request: walk))
            let findings = report.exchange.request.findings
            #expect(findings.map(\.code)[1 - place] == code)
            #expect(findings[place].remedy?.commands == ["ip link set dev veth0 up"])
        }
    }

    @Test("of causes that are equally near the one that opens least comes first")
    func ranking() throws {
        let walk = try Self.walk(nil, code: "unknown-drop")
        // Both devices do it: that of the place where the packet stopped, and the other one of that namespace.
        let commands = ["veth0 up", "veth9 up"]
        let trials = PaperTrials(
            answers: { text in commands.contains { text.contains($0) } },
            opens: { packet, text in text.contains("veth0 up") && packet.from == "db" }, stopped: walk)
        var experiment = try Self.experiment(trials)
        var other = experiment.topology.namespaces[0].links[0]
        other.name = "veth9"
        experiment.topology.namespaces[0].links.append(other)
        var place = walk
        place.stoppedAt = Stop(namespace: "host")
        experiment.trials = PaperTrials(answers: trials.answers, opens: trials.opens, stopped: place)
        let report = try experiment.run(on: Exchange(request: place))
        let finding = try #require(report.exchange.request.findings.first)
        #expect(finding.remedy?.commands == ["ip link set dev veth9 up"])
        #expect(finding.remedy?.proof?.opens == [])
        #expect(try #require(finding.remedy?.proof?.tried) > 2)
        #expect(report.causes.count == 2)
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

    @Test("addresses that nobody holds are the outside where all of them are among them")
    func outside() throws {
        let foreign = try ["198.51.100.1", "203.0.113.1"].map { try #require(IPAddress($0)) }
        let all = try (["172.19.0.2"] + foreign.map(\.description)).map { try Self.probe("web", $0, "icmp") }
        func folded(_ probes: ArraySlice<ProbeKinds.Probe>) -> [String] {
            SideEffects.folded(Array(probes), of: all, networks: [], outside: Set(foreign))
        }
        #expect(folded(all[...]) == ["web to the outside, 172.19.0.2: icmp"])
        #expect(folded(all[..<2]) == ["web to 172.19.0.2, 198.51.100.1: icmp"])
    }

    @Test("a namespace beside those that are rebuilt has its own name and address")
    func neighbours() throws {
        func namespace(_ name: String, _ inode: UInt64, _ address: String, peer: String) throws -> Namespace {
            var link = Link(name: "to-\(peer)", index: 2, kind: .veth)
            link.addresses = [try #require(IPPrefix(address))]
            link.peer = Link.Peer(namespace: peer, device: "to-\(name)")
            return Namespace(name: name, inode: inode, path: "", links: [link])
        }
        var host = try namespace("host", 1, "10.1.0.1/24", peer: "web")
        host.links += try namespace("host", 1, "10.4.0.1/24", peer: "other").links
        let web = try namespace("web", 2, "10.1.0.2/24", peer: "host")
        let other = try namespace("other", 3, "10.4.0.2/24", peer: "host")
        let kinds = ProbeKinds(
            topology: Topology(host: "h", time: "", namespaces: [host, web]),
            whole: Topology(host: "h", time: "", namespaces: [host, web, other]),
            snapshot: HostSnapshot(host: "h", time: "", kernel: ""),
            request: PacketRequest(kind: .echo, destination: try #require(IPAddress("10.1.0.1"))), from: "web",
            commands: [],
            outsides: [
                TwinOutside(
                    name: "outside-to-other", link: "to-other", namespace: "host",
                    hostAddresses: [try #require(IPAddress("10.4.0.1"))])
            ])
        let probes = kinds.probes()
        #expect(Set(probes.map(\.source)) == ["host", "web", "other"])
        let packet = try #require(
            probes.first { $0.source == "other" && $0.destination.description == "10.1.0.2" && $0.kind == "icmp" }?
                .packet)
        #expect(packet.from == "outside-to-other" && packet.request.source?.description == "10.4.0.2")
        #expect(probes.contains { $0.source == "web" && $0.destination.description == "10.4.0.2" })
        #expect(!probes.contains { $0.source == "other" && $0.destination.description == "10.4.0.2" })
        #expect(kinds.name(ofPlace: "outside-to-other") == "other")
        #expect(kinds.name(ofPlace: "web") == "web")
        #expect(kinds.hidesAnswers("outside-to-other") && !kinds.hidesAnswers("web"))
        #expect(try !kinds.isOutside(#require(IPAddress("10.4.0.2"))))
    }

    @Test("kinds of packet: both families, ports beside those that are named, the outside, open connections")
    func kinds() throws {
        func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        var link = Link(name: "eth0", index: 2, kind: .veth)
        link.addresses = [try #require(IPPrefix("172.19.0.1/24")), try #require(IPPrefix("fd00::1/64"))]
        var far = link
        far.addresses = [try #require(IPPrefix("172.19.0.2/24")), try #require(IPPrefix("fd00::2/64"))]
        let topology = Topology(
            host: "h", time: "",
            namespaces: [
                Namespace(name: "host", inode: 1, path: "", links: [link]),
                Namespace(
                    name: "web", inode: 2, path: "", links: [far],
                    listeners: [Listener(protocol: .tcp, address: IPAddress(ipv4: 0), port: 8080)]),
            ])
        var snapshot = HostSnapshot(
            host: "h", time: "", kernel: "", namespaces: [NamespaceSnapshot(name: "host", inode: 1)])
        typealias Tuple = ConntrackEntry.Tuple
        snapshot.namespaces[0].conntrack = [
            ConntrackEntry(
                ipProtocol: .tcp,
                original: Tuple(
                    source: try address("172.19.0.2"), destination: try address("198.51.100.1"), sourcePort: 4000,
                    destinationPort: 443),
                reply: Tuple(
                    source: try address("198.51.100.1"), destination: try address("203.0.113.2"), sourcePort: 443,
                    destinationPort: 4001))
        ]
        let kinds = ProbeKinds(
            topology: topology, snapshot: snapshot,
            request: PacketRequest(kind: .echo, destination: try address("172.19.0.1")), from: "web",
            commands: ["iptables -A FORWARD -p tcp --dport 25 -d 10.9.0.0/24 -j ACCEPT"],
            outsides: [
                TwinOutside(
                    name: "outside-eth1", link: "eth1", namespace: "host", hostAddresses: [try address("203.0.113.2")],
                    gateways: [try address("203.0.113.1")])
            ], limit: 10_000)
        let probes = kinds.probes()
        let words = Set(probes.map { "\($0.source) to \($0.destination): \($0.kind)" })
        #expect(words.count == probes.count)
        for expected in [
            "host to 172.19.0.2: tcp 8080", "host to fd00::2: icmp", "host to 172.19.0.2: tcp 8079",
            "web to fd00::1: udp 25", "web to 172.19.0.1: tcp 24", "web to 10.9.0.1: tcp 25",
            "web to 10.8.255.254: tcp 25",
            "web to 10.9.1.1: icmp", "the outside to 172.19.0.2: tcp 8080", "203.0.113.1 to 172.19.0.2: icmp",
            "web to 198.51.100.1: established tcp 443", "the outside to 203.0.113.2: replies of tcp 443",
        ] {
            #expect(words.contains(expected), "\(expected)")
        }
        #expect(!words.contains("web to 172.19.0.1: icmp"), "the packet itself")
        let outside = try #require(probes.first { $0.source == "203.0.113.1" }?.packet)
        #expect(outside.from == "outside-eth1" && outside.request.device == "w0" && outside.request.mark != nil)
        let reply = try #require(probes.first { $0.kind == "replies of tcp 443" }?.packet)
        #expect(reply.isOfConnection && reply.request.sourcePort == 443 && reply.request.kind == .tcp(4001))
        var few = kinds
        few.limit = 30
        #expect(few.probes().count == 30)
        // Of each pair of ends the echo comes before any port.
        few.limit = 2 + Set(probes.map { "\($0.source) \($0.destination)" }).count
        #expect(few.probes().count == few.limit)
        #expect(few.probes().dropFirst(2).allSatisfy { $0.kind == "icmp" || $0.destination == few.request.destination })
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
