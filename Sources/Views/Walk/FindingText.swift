import Network
import WalkModel

/// Causes with their evidence and fixes, as text.
struct FindingText {
    private let pen: Pen
    /// Where texts begin, after their labels.
    static let indent = 16
    /// How a message begins that is about what the packet did not come to.
    private static let alsoBlocks = "would also block: "

    init(_ pen: Pen) {
        self.pen = pen
    }

    /// What is wrong, and how it is fixed: what is read first. Remarks stand with the details.
    ///
    /// - Parameter notes: what is said below each finding, in their order: how often it was made.
    func heads(_ findings: [Finding], notes: [String?] = []) -> [StyledText] {
        findings.enumerated().flatMap { index, finding -> [StyledText] in
            guard finding.severity != .info else { return [] }
            let label = Self.label(finding, isFirst: index == 0)
            let note = notes.indices.contains(index) ? notes[index] : nil
            return headline(finding, label: label) + (note.map { labelled("", pen($0, .dim)) } ?? []) + fix(finding)
        }
    }

    func lines(_ walk: Walk) -> [StyledText] { heads(walk.findings) + details(walk.findings) }

    /// What the findings rest on.
    func details(_ findings: [Finding]) -> [StyledText] {
        var lines: [StyledText] = []
        for (index, finding) in findings.enumerated() {
            var details = details(finding)
            if finding.severity == .info {
                details = headline(finding, label: Self.label(finding, isFirst: index == 0)) + fix(finding) + details
            } else if index > 0, !details.isEmpty {
                details.insert(.spaces(1) + pen("(\(finding.code.rawValue))", .dim), at: 0)
            }
            if !lines.isEmpty, !details.isEmpty { lines.append(StyledText()) }
            lines += details
        }
        return lines
    }

    /// What is not proven is not called the cause.
    private static func label(_ finding: Finding, isFirst: Bool) -> String {
        switch finding.severity {
        case .error: isFirst ? "cause" : "also"
        case .warning: isFirst ? "possible cause" : "also"
        case .info: "note"
        }
    }

    private func headline(_ finding: Finding, label: String) -> [StyledText] {
        let style: TextStyle =
            switch finding.severity {
            case .error: .bad
            case .warning: .caution
            case .info: .plain
            }
        // The label says it.
        let isSaid = label == "also" && finding.message.hasPrefix(Self.alsoBlocks)
        let message = isSaid ? String(finding.message.dropFirst(Self.alsoBlocks.count)) : finding.message
        return labelled(label, pen(message) + pen(" (\(finding.code.rawValue))", .dim), style: style)
    }

    private func fix(_ finding: Finding) -> [StyledText] {
        guard let remedy = finding.remedy, !remedy.lastingCommands.isEmpty else { return [] }
        var lines: [StyledText] = []
        let owner = remedy.owner?.commands ?? []
        let note = remedy.owner?.note.map { labelled("", pen($0, .dim)) } ?? []
        for (index, command) in owner.enumerated() { lines += commandLines(index == 0 ? "fix" : "", command) }
        if !owner.isEmpty { lines += note }
        for (index, command) in remedy.commands.enumerated() {
            lines += commandLines(index > 0 ? "" : owner.isEmpty ? "fix" : "or for now", command)
        }
        if owner.isEmpty { lines += note }
        if remedy.isForOwnerAlone { return lines }
        if let proof = remedy.proof {
            lines += self.lines(proof, remedy.verified, cause: finding.message)
        } else {
            let tried = remedy.verified ? "applied: the same packet then arrives" : "(not applied)"
            lines += labelled("", pen(tried, remedy.verified ? .good : .dim))
        }
        return lines
    }

    private func details(_ finding: Finding) -> [StyledText] {
        var lines: [StyledText] = []
        if let rule = finding.rule {
            lines += labelled("rule", pen(rule.name(withHandle: true), .name))
            if let text = rule.text { lines += labelled("", pen(text, .name)) }
        }
        if !finding.path.isEmpty {
            // How the packet got to the rule's chain: the jumps, one after the other.
            let jumps = finding.path.map { rule in
                pen("\(rule.chain)\(rule.position.map { " \($0)" } ?? "")")
            }
            lines += labelled("through", jumps.joined(pen(" → ", .dim)))
        }
        lines += unmatched(finding.unmatched)
        // The cause itself has been said.
        lines += checks(finding.checks.filter { $0.text != finding.message })
        var last = ""
        for evidence in finding.evidence {
            // `state`: the source is the label.
            let kind = evidence.label
            lines += labelled(kind == last ? "" : kind, pen(evidence.text))
            last = kind
        }
        return lines
    }

    /// What a fix was seen to do in rebuilt networks.
    ///
    /// - Parameter cause: what has been said just above: how the packet fared without the fix does not say it again.
    private func lines(_ proof: RemedyProof, _ isVerified: Bool, cause: String) -> [StyledText] {
        guard isVerified else {
            return labelled("not verified", pen("same packet with it, in a fresh twin: \(proof.with)", .caution))
        }
        // A rebuilt network does not know what the devices are there for.
        let bare = cause.replacing(#/ \((network|guest) [^)]*\)/#, with: "")
        let without = proof.without.replacing(": \(cause)", with: "").replacing(": \(bare)", with: "")
        var lines = labelled(
            "verified", pen("same packet: \(without) without it, \(proof.with) with it (two fresh twins)", .good))
        guard proof.tried > 0 else { return lines }
        let tried = "of \(proof.tried) kinds of packet tried"
        lines += labelled("opens", pen(proof.opens.isEmpty ? "nothing else \(tried)" : proof.opens[0]))
        for line in proof.opens.dropFirst() { lines += labelled("", pen(line)) }
        if !proof.opens.isEmpty { lines += labelled("", pen("(\(tried))", .dim)) }
        for (index, line) in proof.closes.enumerated() { lines += labelled(index == 0 ? "closes" : "", pen(line)) }
        return lines
    }

    /// The rules before it: position, conditions, and which condition did not hold.
    private func unmatched(_ misses: [Finding.Miss]) -> [StyledText] {
        let width = pen.options.width - Self.indent
        let rules = misses.map { miss in
            pen(
                "\(miss.rule.position.map { "\($0)  " } ?? "")\(miss.rule.shortText ?? miss.rule.name)"
            )
        }
        let reasons = misses.map { pen($0.because, .dim) }
        let column = (rules.map(\.columns).max() ?? 0) + 2
        // Side by side where all of them fit, else one below the other.
        let fits = reasons.allSatisfy { column + $0.columns <= width }
        var lines: [StyledText] = []
        for (index, (rule, reason)) in zip(rules, reasons).enumerated() {
            let label = index == 0 ? "not matched" : ""
            if fits {
                lines += labelled(label, rule.padded(to: column) + reason)
            } else {
                lines += labelled(label, rule) + labelled("", .spaces(3) + reason)
            }
        }
        return lines
    }

    /// What else could have stopped the packet there, and whether it did: what did, what can't be told, what did not.
    private func checks(_ checks: [Finding.Check]) -> [StyledText] {
        let kinds: [(holds: Bool?, label: String, style: TextStyle)] = [
            (true, "confirmed", .bad), (nil, "undetermined", .caution), (false, "ruled out", .dim),
        ]
        return kinds.flatMap { kind in
            checks.filter { $0.holds == kind.holds }.enumerated().flatMap { index, check in
                labelled(index == 0 ? kind.label : "", pen(check.text), style: kind.style)
            }
        }
    }

    /// A command is there to be copied: broken where a shell lets it go on, with a backslash.
    private func commandLines(_ label: String, _ command: String) -> [StyledText] {
        let text = pen(command, .strong)
        let width = pen.options.width - Self.indent
        let parts = text.columns <= width ? [text] : text.wrapped(to: width - 4)
        return parts.enumerated().map { row, part in
            var line = (.spaces(1) + pen(row == 0 ? label : "", .strong)).padded(to: Self.indent)
            if row > 0 { line += .spaces(2) }
            return line + part + (row < parts.count - 1 ? pen(" \\", .dim) : StyledText())
        }
    }

    private func labelled(_ label: String, _ text: StyledText, style: TextStyle = .strong) -> [StyledText] {
        text.wrapped(to: pen.options.width - Self.indent).enumerated().map { row, part in
            (.spaces(1) + pen(row == 0 ? label : "", style)).padded(to: Self.indent) + part
        }
    }
}
