import Experiment
import Glibc
import LinuxSystem
import Network
import Probes
import Synchronization
import Testing
import Twin
import WalkModel
import Wire

private typealias Sent = Experiment.TrialPacket

@Suite("A trial", .enabled(if: SandboxShell.isAvailable))
struct TrialTests {
    /// As a lab's `setup.sh` builds it.
    static func trial(_ lab: String, namespaces: [String], hidden: [String] = []) throws -> Trial {
        let script = try LabLibrary.find().lab(named: lab).commands()
        return Trial(script: script, namespaces: namespaces, hidden: hidden, program: LabRun.program)
    }

    private static func echo(_ text: String) throws -> PacketRequest {
        PacketRequest(kind: .echo, destination: try #require(IPAddress(text)))
    }

    @Test("sends packets: answered, refused, unsent and silent ones, together and one by one")
    func answers() throws {
        let trial = try Self.trial("namespace-to-wan", namespaces: ["wan", "mynamespace"])
        let wan = try #require(IPAddress("198.51.100.1"))
        let packets = [
            Sent(from: "mynamespace", try Self.echo("198.51.100.1")),
            Sent(from: "mynamespace", PacketRequest(kind: .tcp(81), destination: wan)),
            Sent(from: "mynamespace", PacketRequest(kind: .udp(81), destination: wan)),
            Sent(from: "mynamespace", try Self.echo("198.51.100.77")),
            Sent(from: "host", try Self.echo("2001:db8::1")),
        ]
        let expected: [TrialAnswer] = [
            .answered, .refused(errorNumber: ECONNREFUSED, byICMP: false),
            .refused(errorNumber: ECONNREFUSED, byICMP: true), .silent,
            .unsent(errorNumber: ENETUNREACH),
        ]
        let together = try trial.send(packets)
        #expect(together.answers == expected)
        let single = try trial.send(packets, changes: [], options: TrialOptions(oneByOne: true))
        #expect(single.answers == expected)
        let silent = try trial.send(
            [packets[0]], changes: ["iptables -A FORWARD -j DROP"], waitMilliseconds: 100)
        #expect(silent.answers == [.silent])
    }

    @Test("explains a packet as explain does, where the outside is hidden")
    func explanation() throws {
        let trial = try Self.trial("namespace-to-wan", namespaces: ["wan", "mynamespace"], hidden: ["wan"])
        let found = try trial.explain(Self.echo("198.51.100.1"), from: "mynamespace")
        #expect(found.arrived)
        let walk = try #require(found.exchanges.first?.request)
        #expect(walk.outcome == .left)
        #expect(walk.hops.last?.device == "eth0")
        #expect(found.exchanges.first?.reply?.outcome == .delivered)

        let dropped = try trial.explain(
            Self.echo("198.51.100.1"), from: "mynamespace", changes: ["iptables -I FORWARD -j DROP"])
        #expect(!dropped.arrived)
        #expect(dropped.exchanges.first?.request.findings.first?.code == "rule-drop")
    }

    @Test("says which change failed, and that a network could not be built")
    func failures() throws {
        let trial = try Self.trial("namespace-to-wan", namespaces: ["wan", "mynamespace"])
        let packets = [Sent(from: "mynamespace", try Self.echo("198.51.100.1"))]
        let error = #expect(throws: TrialError.self) {
            try trial.send(packets, changes: ["true", "ip link set nosuch up"])
        }
        #expect(error?.kind == .change)
        #expect(error?.changeIndex == 1)
        #expect(error?.description.contains("nosuch") == true)
        let broken = Trial(script: "ip link set nosuch up", program: LabRun.program)
        #expect(throws: TrialError.self) { try broken.send([]) }
    }

    @Test("two at once do not disturb each other, and nothing is left of them")
    func together() throws {
        let trial = try Self.trial("namespace-to-wan", namespaces: ["wan", "mynamespace"])
        let packets = [Sent(from: "mynamespace", try Self.echo("198.51.100.1"))]
        let before = try Command(["ip", "netns", "list"]).run().text
        let results = Results()
        let threads = try (0..<4).map { index in
            try WorkerThread {
                let changes = index % 2 == 0 ? [] : ["iptables -I FORWARD -j DROP"]
                results.add(index, try? trial.send(packets, changes: changes, waitMilliseconds: 150).allAnswered)
            }
        }
        for thread in threads { thread.join() }
        #expect(results.values == [0: true, 1: false, 2: true, 3: false])
        #expect(try Command(["ip", "netns", "list"]).run().text == before)
    }

    private final class Results: Sendable {
        private let stored = Mutex<[Int: Bool]>([:])
        var values: [Int: Bool] { stored.withLock { $0 } }
        func add(_ index: Int, _ value: Bool?) { stored.withLock { $0[index] = value } }
    }
}
