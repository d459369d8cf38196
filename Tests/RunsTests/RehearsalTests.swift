import Runs
import Testing
import WalkModel

/// Explanations, one for each time that the packet is sent; the last one again and again.
private final class FakeTrial: RemedyTrial {
    private var explanations: [Explanation]
    private let status: Int32
    private(set) var sendCount = 0
    private(set) var commands: [String] = []

    init(_ names: [String], status: Int32 = 0) throws {
        explanations = try names.map(Golden.explanation)
        self.status = status
    }

    func explain() -> Explanation {
        sendCount += 1
        return explanations.count > 1 ? explanations.removeFirst() : explanations[0]
    }

    func run(_ command: String) -> Int32 {
        commands.append(command)
        return status
    }
}

@Suite("A rehearsal of fixes")
struct RehearsalTests {
    private func attempts(_ trial: FakeTrial) throws -> (attempts: [Rehearsal<FakeTrial>.Attempt], isWell: Bool) {
        var rehearsal = Rehearsal(trial)
        var attempts: [Rehearsal<FakeTrial>.Attempt] = []
        while let attempt = try rehearsal.next() {
            attempts.append(attempt)
            if attempts.count > 20 { break }
        }
        return (attempts, rehearsal.isWell)
    }

    private func firstFinding(_ attempt: Rehearsal<FakeTrial>.Attempt) -> Finding? {
        attempt.explanation.group.exchanges.first?.request.findings.first
    }

    @Test("ends once the packet arrives, and says that the fix was verified")
    func success() throws {
        let trial = try FakeTrial(["rule-drop-nftables.explain", "namespace-to-wan.explain"])
        let (attempts, isWell) = try attempts(trial)
        #expect(attempts.count == 2 && isWell)
        #expect(firstFinding(attempts[0])?.remedy?.verified == true)
        #expect(trial.commands == firstFinding(attempts[0])?.remedy?.commands)
        #expect(!trial.commands.isEmpty && trial.sendCount == 2)
        #expect(attempts.allSatisfy { $0.remarks.isEmpty })
    }

    @Test("sends a packet that arrives at first only once")
    func nothingToFix() throws {
        let trial = try FakeTrial(["namespace-to-wan.explain"])
        let (attempts, isWell) = try attempts(trial)
        #expect(attempts.count == 1 && isWell && trial.sendCount == 1 && trial.commands.isEmpty)
    }

    @Test("ends where the packet meets the same cause again, after three tries")
    func sameCause() throws {
        let trial = try FakeTrial(["rule-drop-nftables.explain"])
        let (attempts, isWell) = try attempts(trial)
        #expect(attempts.count == 2 && !isWell)
        #expect(firstFinding(attempts[0])?.remedy?.verified == false)
        #expect(trial.sendCount == 4)
    }

    @Test("goes from one fault to the next, and ends after five")
    func faultLimit() throws {
        let pair = ["rule-drop-nftables.explain", "no-source-nat.explain"]
        let trial = try FakeTrial(pair + pair + pair + pair)
        let (attempts, isWell) = try attempts(trial)
        #expect(attempts.count == 6 && !isWell)
        #expect(trial.sendCount == 6)
    }

    @Test("says which command of a fix failed")
    func failingCommand() throws {
        let trial = try FakeTrial(["rule-drop-nftables.explain", "namespace-to-wan.explain"], status: 3)
        let (attempts, _) = try attempts(trial)
        #expect(attempts[0].remarks.count == trial.commands.count)
        #expect(attempts[0].remarks.first?.contains("ended with status 3") == true)
    }

    @Test("says that there is no fix to try where the finding names none")
    func noRemedy() throws {
        var explanation = try Golden.explanation("rule-drop-nftables.explain")
        explanation.group.exchanges[0].request.findings[0].remedy = nil
        struct Unfixable: RemedyTrial {
            let explanation: Explanation
            func explain() -> Explanation { explanation }
            func run(_ command: String) -> Int32 { 0 }
        }
        var rehearsal = Rehearsal(Unfixable(explanation: explanation))
        let attempt = try #require(try rehearsal.next())
        #expect(attempt.remarks == ["there is no fix to try: the finding rule-drop names no commands"])
        #expect(try rehearsal.next() == nil)
        #expect(!rehearsal.isWell)
    }
}
