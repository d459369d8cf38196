internal import WalkModel

/// Tries what the first finding proposes as its fix, sends the packet again, and so on, one fault after the other.
///
/// ```swift
/// var rehearsal = Rehearsal(LiveTrial(explainer))
/// while let attempt = try rehearsal.next() { show(attempt) }
/// ```
///
/// It ends where the packet arrives, where it meets the same cause again, where a finding names no commands, and after
/// five faults.
public struct Rehearsal<Trial: RemedyTrial> {
    /// The packet, sent once.
    public struct Attempt: Sendable {
        /// With `verified` set in the remedies of the first finding where the packet arrives once it was applied.
        public var explanation: Explanation
        /// What was to be said of the fix: a command that failed, or that there is none. A sentence each.
        public var remarks: [String]
    }

    private var trial: Trial
    private let faultLimit: Int
    private var faultCount = 0
    /// What the last send gave, and was not handed out yet.
    private var latest: Explanation?
    /// The cause that the latest fix was for.
    private var cause: Finding?
    private var isOver = false

    /// Whether the packet arrived at last, and nothing speaks against it. Final once `next` has given nil.
    public private(set) var isWell = false

    public init(_ trial: Trial, faultLimit: Int = 5) {
        self.trial = trial
        self.faultLimit = faultLimit
    }

    /// The next attempt, explained, after the fix that it proposes was tried; nil after the last one.
    public mutating func next() throws -> Attempt? {
        if isOver { return nil }
        var attempt = Attempt(explanation: try latest ?? trial.explain(), remarks: [])
        isWell = attempt.explanation.group.isWell
        guard let finding = fault(of: attempt.explanation.group) else {
            isOver = true
            return attempt
        }
        guard let remedy = finding.remedy, !remedy.commands.isEmpty else {
            attempt.remarks.append("there is no fix to try: the finding \(finding.code) names no commands")
            isOver = true
            return attempt
        }
        for command in remedy.commands {
            let status = try trial.run(command)
            if status != 0 { attempt.remarks.append("the fix “\(command)” ended with status \(status)") }
        }
        let next = try sendAgain(after: finding)
        attempt.explanation.group.verify(finding, next.group.isWell)
        faultCount += 1
        cause = finding
        latest = next
        return attempt
    }

    /// The first finding of the first exchange that has one, where its fix is to be tried.
    private func fault(of group: ExchangeGroup) -> Finding? {
        // Once a fix was tried: not where the packet arrives, and not the same fix twice.
        if let cause, group.isWell || group.cause?.isSame(as: cause) == true { return nil }
        guard faultCount < faultLimit else { return nil }
        return group.exchanges.lazy.compactMap { $0.request.findings.first { $0.severity != .info } }.first
    }

    /// The same packet; up to three times where it meets what was just fixed, or nobody knows what: who got no reply to
    /// an ARP request sends the next one a second later, and a link that was set up needs a moment too.
    private mutating func sendAgain(after cause: Finding) throws -> Explanation {
        var explanation = try trial.explain()
        for _ in 0..<2 {
            let group = explanation.group
            if group.isWell { break }
            if let next = group.cause, next.severity == .error, !next.isSame(as: cause), !next.isOfNeighbour { break }
            explanation = try trial.explain()
        }
        return explanation
    }
}

extension ExchangeGroup {
    /// All arrived, and nothing speaks against any.
    fileprivate var isWell: Bool {
        !exchanges.isEmpty
            && exchanges.allSatisfy { exchange in
                exchange.arrived
            }
    }

    /// Says of the fix for a cause whether it does, wherever the packet met it: TCP sends a segment several times.
    fileprivate mutating func verify(_ cause: Finding, _ isVerified: Bool) {
        for index in exchanges.indices where exchanges[index].request.findings.first?.isSame(as: cause) == true {
            exchanges[index].request.findings[0].remedy?.verified = isVerified
        }
    }

    fileprivate var cause: Finding? { exchanges.lazy.compactMap(\.request.findings.first).first }
}

extension Finding {
    fileprivate func isSame(as other: Finding) -> Bool {
        code == other.code && `where` == other.where && rule == other.rule
    }

    /// How a neighbour that was asked for before the network was fixed shows.
    fileprivate var isOfNeighbour: Bool { ["neighbor-unresolved", "gateway-unreachable"].contains(code) }
}
