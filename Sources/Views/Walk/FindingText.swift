import Topology
import Walks

/// Causes with their evidence and what mends them, as text.
struct FindingText {
    private let pen: Pen
    private let indent = 10

    init(_ pen: Pen) {
        self.pen = pen
    }

    func lines(_ walk: Walk) -> [StyledText] {
        guard !walk.findings.isEmpty else { return [] }
        var lines: [StyledText] = []
        for (index, finding) in walk.findings.enumerated() {
            lines.append(StyledText())
            lines += self.lines(finding, label: index == 0 ? "cause" : "also")
        }
        return lines
    }

    private func lines(_ finding: Finding, label: String) -> [StyledText] {
        let style: TextStyle =
            switch finding.severity {
            case .error: .bad
            case .warning: .caution
            case .info: .plain
            }
        var lines = labelled(label, pen(finding.message) + pen(" (\(finding.code))", .dim), style: style)
        if let rule = finding.rule {
            lines += labelled("rule", pen(RuleWords.name(rule, handle: true), .name))
            if let text = rule.text { lines += labelled("", pen(text, .name)) }
        }
        var last = ""
        for evidence in finding.evidence {
            // `state: nat POSTROUTING is empty`: the kind of evidence is the label.
            let parts = evidence.split(separator: ":", maxSplits: 1)
            let hasKind = parts.count == 2 && parts[0].count <= 9 && !parts[0].contains(" ")
            let kind = hasKind ? String(parts[0]) : ""
            let text = hasKind ? parts[1].drop { $0 == " " } : evidence[...]
            lines += labelled(kind == last ? "" : kind, pen(text))
            last = kind
        }
        if let remedy = finding.remedy, !remedy.commands.isEmpty {
            for (index, command) in remedy.commands.enumerated() {
                lines += commandLines(index == 0 ? "mend" : "", command)
            }
            let tried = remedy.verified ? "tried in a twin of this network: the same packet then arrives" : "not tried"
            lines += labelled("", pen(tried, remedy.verified ? .good : .dim))
        }
        return lines
    }

    /// A command is there to be copied: broken where a shell lets it go on, with a backslash.
    private func commandLines(_ label: String, _ command: String) -> [StyledText] {
        let text = pen(command, .strong)
        let width = pen.options.width - indent
        let parts = text.columns <= width ? [text] : text.wrapped(to: width - 4)
        return parts.enumerated().map { row, part in
            var line = (.spaces(1) + pen(row == 0 ? label : "", .strong)).padded(to: indent)
            if row > 0 { line += .spaces(2) }
            return line + part + (row < parts.count - 1 ? pen(" \\", .dim) : StyledText())
        }
    }

    private func labelled(_ label: String, _ text: StyledText, style: TextStyle = .strong) -> [StyledText] {
        text.wrapped(to: pen.options.width - indent).enumerated().map { row, part in
            (.spaces(1) + pen(row == 0 ? label : "", style)).padded(to: indent) + part
        }
    }
}
