import Network
import Probes
import Testing
import Wire

@testable import Experiment

/// Who takes the packet in, by the commands that were run; nobody ever answers unless `answers`.
private struct Arrivals: PacketTrials {
    var answers: @Sendable (String) -> Bool = { _ in false }
    var data: @Sendable (String) -> [String] = { _ in [] }
    var places: @Sendable (String) -> [String]

    func explain(
        _ request: PacketRequest, from: String, changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialExplanation { throw TrialError(.broken, "not asked for") }

    func send(
        _ packets: [TrialPacket], changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialAnswers {
        let text = changes.map(\.text).joined(separator: "\n")
        return TrialAnswers(
            answers: packets.map { _ in answers(text) ? .answered : .silent },
            arrivals: options.watchesArrivals
                ? packets.map { _ in TrialArrival(places(text), dataPlaces: data(text)) } : nil)
    }
}

@Suite("When a packet has come through")
struct PacketGoalTests {
    private static func topology(listener: String? = nil) throws -> Topology {
        let all = [("host", "172.19.0.1/24"), ("web", "172.19.0.2/24"), ("wan", "203.0.113.1/24")]
        return Topology(
            host: "h", time: "",
            namespaces: try all.map { name, address in
                var namespace = Namespace(name: name, inode: 1, path: "/run/netns/\(name)")
                var link = Link(name: "eth0", index: 2, kind: .veth)
                link.addresses = [try #require(IPPrefix(address))]
                namespace.links = [link]
                if name == listener {
                    namespace.listeners = [Listener(protocol: .udp, address: IPAddress(ipv4: 0), port: 9)]
                }
                return namespace
            })
    }

    private static func goal(
        _ destination: String, _ kind: PacketRequest.Kind, _ trials: Arrivals, listener: String? = nil
    ) throws -> PacketGoal {
        let packet = TrialPacket(
            from: "wan", PacketRequest(kind: kind, destination: try #require(IPAddress(destination))))
        return try #require(
            try PacketGoal.of(packet, in: trials, topology(listener: listener), options: TrialOptions()))
    }

    @Test("an address of one host must answer; that it came there is not enough")
    func answered() throws {
        let silent = try Self.goal("172.19.0.2", .udp(9), Arrivals { _ in ["web"] })
        #expect(try !silent.isReached([]))
        let answering = try Self.goal("172.19.0.2", .udp(9), Arrivals(answers: { $0.contains("fix") }) { _ in [] })
        #expect(try answering.isReached(["fix"]))
        #expect(try !answering.isReached(["nothing"]))
        #expect(answering.word == "answered")
    }

    @Test("of a connection that is accepted without any change the data must arrive")
    func data() throws {
        let trials = Arrivals(answers: { _ in true }, data: { $0.contains("fix") ? ["web"] : [] }) { _ in ["web"] }
        let goal = try Self.goal("172.19.0.2", .tcp(80), trials)
        #expect(try goal.isReached(["fix"]))
        #expect(try !goal.isReached(["nothing"]))
        #expect(goal.word == "followed by data that arrives")
    }

    @Test("none is looked for where nothing is lacking")
    func nothing() throws {
        let trials = Arrivals(answers: { _ in true }, data: { _ in ["web"] }) { _ in ["web"] }
        for kind in [PacketRequest.Kind.tcp(80), .echo] {
            let packet = TrialPacket(
                from: "wan", PacketRequest(kind: kind, destination: try #require(IPAddress("172.19.0.2"))))
            let goal = try PacketGoal.of(packet, in: trials, try Self.topology(), options: TrialOptions())
            #expect(goal == nil)
        }
    }

    @Test("a broadcast is taken in where one gets it that did not before")
    func broadcast() throws {
        let trials = Arrivals { $0.contains("bc_forwarding") ? ["host", "web"] : ["host"] }
        let goal = try Self.goal("172.19.0.255", .udp(9), trials)
        #expect(try !goal.isReached(["nothing"]))
        #expect(try goal.isReached(["sysctl -w net.ipv4.conf.all.bc_forwarding=1"]))
        #expect(goal.word == "taken in")
    }

    @Test("of datagrams by one that has a program at the port, where anybody has one; never by the sender")
    func receivers() throws {
        let anybody = Arrivals { $0.contains("join") ? ["host", "wan"] : [] }
        #expect(try Self.goal("239.1.2.3", .udp(9), anybody).isReached(["join"]))
        #expect(try !Self.goal("239.1.2.3", .udp(9), anybody, listener: "web").isReached(["join"]))
        let own = Arrivals { $0.contains("join") ? ["wan"] : [] }
        #expect(try !Self.goal("239.1.2.3", .udp(9), own).isReached(["join"]))
    }

    @Test("two networks differ in what arrives, where nobody answers it")
    func compared() throws {
        func packet(_ kind: PacketRequest.Kind) throws -> TrialPacket {
            TrialPacket(from: "web", PacketRequest(kind: kind, destination: try #require(IPAddress("10.0.0.1"))))
        }
        let packets = try [PacketRequest.Kind.udp(514), .udp(53), .tcp(80), .echo].map(packet)
        let before = TrialAnswers(
            answers: [.silent, .silent, .answered, .silent],
            arrivals: [TrialArrival(), TrialArrival(["db"]), TrialArrival(["db"]), TrialArrival()])
        let after = TrialAnswers(
            answers: [.silent, .silent, .silent, .answered],
            arrivals: [TrialArrival(["db"]), TrialArrival(), TrialArrival(["db"]), TrialArrival(["db"])])
        let found = NetworkComparison(packets, before, after)
        let broadcast = NetworkComparison(
            [packets[0]], TrialAnswers(answers: [.silent], arrivals: [TrialArrival(["host"])]),
            TrialAnswers(answers: [.silent], arrivals: [TrialArrival(["host", "db"])]))
        #expect(broadcast.opens.map(\.description) == ["web → 10.0.0.1 udp 514 (at db)"])
        #expect(broadcast.closes.isEmpty)
        #expect(found.opens.map(\.service) == ["udp 514", "ping"])
        #expect(found.opens.map(\.receivers) == [["db"], []])
        // That a request still arrives does not make up for its answer.
        #expect(found.closes.map(\.service) == ["udp 53", "tcp 80"])
        #expect(found.closes.map(\.receivers) == [["db"], []])
    }
}
