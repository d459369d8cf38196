internal import Ruleset
internal import Network
internal import WalkModel

/// A rule hands packets to a program by a queue that no program reads: the kernel drops them (`nf_queue`, ESRCH).
struct QueueWithoutProgram: Obstacle {
    let code: FindingCode = "queue-without-program"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .queue(let queue) = rule.ending.kind else { return nil }
        let bound = rule.namespace.netfilter.queues ?? []
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) hands \(rule.subject) to a program by \(queue.words) (NFQUEUE), and no program reads \(queue.numbers.count == 1 ? "it" : "any of them"): the packet is dropped, since the rule has no bypass"
        finding.evidence.append(
            .state(
                "queues with a program in \(rule.namespace.name): \(bound.isEmpty ? "none" : bound.map(String.init).joined(separator: ", ")) (/proc/net/netfilter/nfnetlink_queue)"
            ))
        return finding
    }
}
