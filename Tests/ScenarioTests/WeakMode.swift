import Network
import Testing
import Twin
import WalkModel

/// Fewer sources of evidence than a run has by itself.
enum WeakMode: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case noHooks, noRules, noDropReasons, none

    var options: [String] {
        switch self {
        case .noHooks: ["--hooks", "none"]
        case .noRules: ["--rules", "none"]
        case .noDropReasons: ["--drops", "counters"]
        case .none: Self.noHooks.options + Self.noRules.options + Self.noDropReasons.options
        }
    }

    var testDescription: String { options.joined(separator: " ") }
}

/// What the first finding of a lab that fails is worth.
enum WeakResult: Sendable, Hashable {
    /// The cause and its place.
    case cause
    /// No finding, or one that is not said to be the cause.
    case less(String)
    /// Another cause is said to be the cause, or the exit status says something else than the walks.
    case wrong(String)

    var isWrong: Bool { if case .wrong = self { true } else { false } }
}

extension WeakResult {
    /// Explains the lab's packet once; with its far ends hidden, where they are to be.
    init(_ lab: Lab, _ mode: WeakMode, isHidden: Bool = false) throws {
        let hiding = isHidden ? lab.far.flatMap { ["--hide", $0] } : []
        let run = try LabRun.packetwalk(["lab", "run", lab.name, "--format", "json"] + hiding + mode.options)
        let causes = run.causes.compactMap(\.findings.first)
        let expected = [lab.expected] + (isHidden ? [lab.hidden].compactMap(\.self) : [])
        let errors = causes.filter { $0.severity == .error }
        let hasStopped = run.walks.contains { [.dropped, .rejected, .lost, .unsent].contains($0.outcome) }
        if run.status > 1 || run.status < 0 || hasStopped && run.status == 0 {
            self = .wrong("status \(run.status) of \(run.walks.map(\.outcome)): \(run.standardError.prefix(300))")
        } else if let other = errors.first(where: { error in !expected.contains { $0.names(error) } }) {
            self = .wrong("\(other.code) at \(other.where), \(other.rule?.text ?? "no rule"): \(other.message)")
        } else if causes.first?.severity == .error {
            self = .cause
        } else {
            self = .less(causes.first.map { "\($0.code): \($0.message)" } ?? "no finding")
        }
    }
}

extension Lab.Expectation {
    /// What the words must hold rests on evidence that the mode may not have.
    fileprivate func names(_ finding: Finding) -> Bool {
        var expectation = self
        expectation.says = nil
        return finding.code.rawValue == code && expectation.isMet(by: finding)
    }
}
