import Network
import Ruleset

/// How the evaluator's answers compare with the kernel's counters.
struct RuleTruthReport {
    var leftOut: [String]
    private(set) var count = 0
    private(set) var unknown = 0
    private(set) var wrong: [String] = []
    /// What had to be told, and was not.
    private(set) var untold: [String] = []

    init(leftOut: [String]) { self.leftOut = leftOut }

    mutating func take(_ judgements: [RuleJudge.Judgement], of matches: [RuleTrial]) {
        for judgement in judgements {
            guard let trial = judgement.comment.flatMap({ Int($0) }).map({ matches[$0] }) else { continue }
            take(judgement, isTold: trial.isTold, trial.text)
        }
    }

    mutating func take(_ judgements: [RuleJudge.Judgement], of trial: RuleTrial) {
        for judgement in judgements { take(judgement, isTold: trial.isTold, trial.text) }
    }

    private mutating func take(_ judgement: RuleJudge.Judgement, isTold: Bool, _ text: String) {
        count += 1
        let backend = judgement.rule.backend?.rawValue ?? ""
        let words =
            "\(backend) \(judgement.packet.kind), \(judgement.rule.chain) \(judgement.rule.position ?? 0): \(judgement.text) [\(text)]"
        switch judgement.told {
        case .unknown:
            unknown += 1
            if isTold { untold.append(words) }
        case .holds where !judgement.isCounted: wrong.append("not counted: \(words)")
        case .fails where judgement.isCounted: wrong.append("counted: \(words)")
        default: break
        }
    }

    var unknownShare: Double { count == 0 ? 1 : Double(unknown) / Double(count) }

    var summary: String {
        let share = Int((unknownShare * 100).rounded())
        return
            "rules, one expression at a time: \(count) answers, \(wrong.count) wrong, \(unknown) unknown (\(share) %), \(untold.count) of which had to be told; \(leftOut.count) rules left out"
    }
}
