import Testing
import Twin
import WalkModel
import Wire

/// Labs whose far ends can't be seen, as what lies beyond the uplink of a real machine can't.
@Suite("In a lab whose far end is hidden", .enabled(if: LabRun.isAvailable))
struct HiddenLabTests {
    private static let all: [Lab] =
        (try? LabLibrary.find().labs())?.filter { !$0.isSlow && !$0.far.isEmpty && $0.unmetNeed(in: nil) == nil } ?? []
    static let faults = all.filter { $0.expected.code != nil }.map(\.name)
    static let working = all.filter { $0.expected.code == nil }.map(\.name)

    @Test("explain names the same cause, or what is left to be seen of it, and never another", arguments: faults)
    func cause(name: String) async throws {
        let lab = try LabLibrary.find().lab(named: name)
        for problem in try await twice({ try Self.problems(of: lab) }) { Issue.record("\(name): \(problem)") }
    }

    @Test("explain finds no fault where the network works", arguments: working)
    func works(name: String) async throws {
        let lab = try LabLibrary.find().lab(named: name)
        for problem in try await twice({ try Self.doubts(about: lab) }) { Issue.record("\(name): \(problem)") }
    }

    @Test("the hidden namespace is nowhere: no name, no mount, no process of it")
    func hidden() throws {
        let run = try LabRun.packetwalk(["lab", "run", "process-stopped", "--hide", "wan", "--format", "json"])
        #expect(run.walks.first?.outcome == .left)
        #expect(run.walks.flatMap(\.hops).allSatisfy { $0.namespace != "wan" })
        let seen = try LabRun.packetwalk(["lab", "run", "process-stopped", "--format", "json"])
        #expect(seen.walks.first?.findings.first?.where.namespace == "wan")
    }

    @Test("only what the lab has can be hidden, and no program is run in what is hidden")
    func refused() throws {
        let unknown = try LabRun.packetwalk(["lab", "run", "namespace-to-wan", "--hide", "wam"])
        #expect(unknown.status == 64)
        #expect(
            unknown.standardError
                == "packetwalk: cannot hide wam: no such namespace in the lab namespace-to-wan; it has mynamespace, wan\n"
        )
        for option in ["--trace", "--fix"] {
            let sender = try LabRun.packetwalk(["lab", "run", "wan-to-published-port", "--hide", "wan", option])
            #expect(sender.status == 64)
            #expect(sender.standardError.contains("in wan, which is hidden: leave \(option) out"))
        }
    }

    /// What `look` finds, but nothing that it does not find again: on a busy machine a reply can come too late.
    private func twice(_ look: @escaping @Sendable () throws -> [String]) async throws -> [String] {
        try await LabRun.inPlace {
            let first = try look()
            return first.isEmpty ? [] : try look()
        }
    }

    private static func explain(_ lab: Lab) throws -> LabRun {
        try LabRun.packetwalk(
            ["lab", "run", lab.name, "--format", "json"] + lab.far.flatMap { ["--hide", $0] })
    }

    /// A packet that is sent from a hidden namespace is traced, with all that passes beside it.
    private static func isProbe(_ walk: Walk, of lab: Lab) -> Bool {
        !lab.far.contains(lab.probe.from) || walk.destination.description == lab.probe.explain?.first
    }

    private static func problems(of lab: Lab) throws -> [String] {
        let run = try explain(lab)
        let walk = run.causes.first { isProbe($0, of: lab) }
        let finding = walk?.findings.first
        let fault = lab.hidden ?? lab.expected
        var problems: [String] = []
        if run.walks.isEmpty { problems.append("no walk; \(run.standardError.prefix(300))") }
        if let code = fault.code {
            if finding?.code.rawValue != code || finding.map(fault.isMet) != true {
                let words = finding.map { "\($0.code) at \($0.where): \($0.message)" }
                problems.append("\(words ?? "no finding"), not \(code)")
            }
            // Without what was written down for it, only where it arrived may be out of sight.
            let left = lab.hidden == nil && walk?.outcome == .left
            if walk?.outcome.rawValue != fault.outcome, !left {
                problems.append("outcome \(walk?.outcome.rawValue ?? "none"), not \(fault.outcome)")
            }
        } else if run.walks.first?.outcome.rawValue != fault.outcome {
            problems.append("outcome \(run.walks.first?.outcome.rawValue ?? "none"), not \(fault.outcome)")
        }
        // What can't be seen can't be certain; what was certain with the far end in view may be it still, and what was
        // written down as certain without it.
        let known = ([lab.expected, fault] + lab.then).compactMap(\.code)
        let others = run.walks.flatMap(\.findings).filter { $0.severity == .error && !known.contains($0.code.rawValue) }
        return problems + others.map { "an error of another cause: \($0.code): \($0.message)" }
    }

    private static func doubts(about lab: Lab) throws -> [String] {
        let run = try explain(lab)
        let request = run.walks.first { $0.answers == nil && isProbe($0, of: lab) }
        var problems: [String] = []
        if request?.outcome != .delivered, request?.outcome != .left {
            problems.append("outcome \(request?.outcome.rawValue ?? "none"); \(run.standardError.prefix(300))")
        }
        if run.status != 0 { problems.append("status \(run.status)") }
        let wrong = run.walks.flatMap(\.findings).filter { $0.severity != .info }
        return problems + wrong.map { "\($0.code): \($0.message)" }
    }
}
