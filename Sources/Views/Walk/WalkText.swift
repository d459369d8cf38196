import Observations
import Network
import WalkModel

/// A walk, or an exchange, as text: the outcome, the boxes, one line a step, the reply's path, causes and fixes.
struct WalkText {
    private let pen: Pen
    private let topology: Topology?

    init(_ options: RenderOptions, topology: Topology?) {
        pen = Pen(options)
        self.topology = topology
    }

    private var options: RenderOptions { pen.options }

    func render(_ request: Walk, reply: Walk?) -> String {
        lines(request, reply: reply).rendered(color: options.color)
    }

    /// The headline alone, of an exchange that failed as one shown before did.
    func render(again request: Walk, reply: Walk?, after nanoseconds: Int64) -> String {
        var headline = WalkHeadline(request, reply: reply)
        let codes = (request.findings + (reply?.findings ?? [])).map(\.code.rawValue)
        let cause = codes.first.map { ": \($0), as above" } ?? ", as above"
        let again = "again after \(Durations.text(nanoseconds: nanoseconds))\(cause)"
        let place = request.outcome == .dropped || request.outcome == .rejected ? headline.remark : nil
        headline.remark = [place, again].compactMap(\.self).joined(separator: ", ")
        return self.headline(headline).rendered(color: options.color)
    }

    /// Cause and fix first, then the drawing, then what they rest on.
    func lines(_ request: Walk, reply: Walk?) -> [StyledText] {
        var lines = headline(WalkHeadline(request, reply: reply))
        if let style = options.time, style != .none {
            let time = TimeText(style: style, origin: options.timeOrigin).text(request.startNanoseconds)
            lines[0] = pen(time, .dim) + .spaces(1) + lines[0]
        }
        if request.prediction != nil { lines.insert(pen("predicted: nothing was sent", .strong), at: 0) }
        let finding = FindingText(pen)
        lines += finding.heads(request.findings)
        lines += path(request, lists: true)
        if let reply { lines += replyLines(reply, to: request) }
        let details = finding.details(request.findings)
        if !details.isEmpty { lines += [StyledText()] + details }
        if let prediction = request.prediction { lines += assumptions(prediction) }
        lines += losses(request, reply)
        return lines
    }

    /// The boxes, and the list of steps where it is wanted: each below an empty line.
    func path(_ walk: Walk, lists: Bool) -> [StyledText] {
        let steps = WalkSteps(walk, topology: topology, verbosity: options.verbosity)
        var lines: [StyledText] = []
        if steps.steps.count > 1 {
            var layout = PathLayout(steps, of: walk, topology: topology)
            if !lists { layout.removeNumbers() }
            lines.append(StyledText())
            // The row of numbers.
            lines += PathStrip(pen).lines(layout).filter { lists || !$0.trimmedStart().isEmpty }
        }
        if lists, !steps.steps.isEmpty {
            lines.append(StyledText())
            lines += list(steps)
        }
        return lines
    }

    private func assumptions(_ prediction: Prediction) -> [StyledText] {
        if prediction.assumptions.isEmpty { return [] }
        return [StyledText()]
            + prediction.assumptions.enumerated().flatMap { index, assumption in
                labelled(
                    index == 0 ? "assumptions" : "", pen(assumption.text) + pen(" (\(assumption.code))", .dim))
                    + (assumption.otherwise.map { labelled("", pen("otherwise: \($0)", .caution)) } ?? [])
            }
    }

    private func headline(_ headline: WalkHeadline) -> [StyledText] {
        let mark = pen(headline.mark.sign, headline.mark.style) + .spaces(1)
        var text = pen(headline.outcome, headline.mark.style) + .spaces(3) + pen(headline.subject, .strong)
        if let detail = headline.detail { text += .spaces(2) + pen(detail) }
        let remark = headline.remark.map { pen($0) } ?? StyledText()
        let room = options.width - mark.columns
        // What does not fit beside the rest stands below it, whole.
        let whole = text + .spaces(3) + remark
        let lines = whole.columns <= room ? [whole] : text.wrapped(to: room) + remark.wrapped(to: room)
        return lines.enumerated().map { index, line in
            index == 0 ? mark + line : .spaces(mark.columns) + line
        }
    }

    // MARK: - The list of steps

    /// Where each column of the list begins and how wide it may be.
    private struct Columns {
        var number: Int
        var namespace: Int
        var place: Int
        var time: Int
        var evidence: Int
        var what: Int
        var placeStart: Int { 1 + number + 1 + namespace + 2 }
        var whatStart: Int { placeStart + place + 2 }
    }

    private func time(_ step: WalkStep) -> StyledText {
        guard let elapsed = step.elapsedNanoseconds else { return StyledText() }
        let text = Durations.text(nanoseconds: elapsed)
        return pen(elapsed < 0 ? text : "+\(text)", .dim)
    }

    private func evidence(_ step: WalkStep) -> StyledText {
        let text = pen(step.evidence.joined(separator: ", "), .dim)
        switch step.confidence {
        case .exact: return text
        case .strong: return text + pen(text.isEmpty ? "≈" : " ≈", .caution)
        case .weak: return text + pen(text.isEmpty ? "weak" : ", weak", .caution)
        }
    }

    private func what(_ step: WalkStep) -> StyledText {
        step.what.map { pen($0.text, $0.style) }.joined(.spaces(2))
    }

    /// Up to here the table takes all of it.
    private static let usualWidth = 80

    private func columns(_ steps: [WalkStep]) -> Columns {
        let number = "\(steps.count)".count
        let namespaces = steps.map { pen($0.namespace).columns }
        // A longer name stands on a line of its own.
        let namespaceLimit = options.width / 6
        let namespace = namespaces.filter { $0 <= namespaceLimit }.max() ?? 0
        let place = min(steps.map { pen($0.place).columns }.max() ?? 0, options.width / 4)
        let time = steps.map { self.time($0).columns }.max() ?? 0
        let evidence = min(steps.map { self.evidence($0).columns }.max() ?? 0, options.width < 100 ? 10 : 24)
        var columns = Columns(
            number: number, namespace: namespace, place: place, time: time, evidence: evidence, what: 0)
        columns.what = options.width - columns.whatStart - 2 - time - 2 - evidence
        if options.width > Self.usualWidth {
            // On a wide terminal the figures stay beside the words.
            let natural = steps.map { self.what($0).columns }.max() ?? 0
            columns.what = min(columns.what, max(natural, columns.what - (options.width - Self.usualWidth)))
        }
        if columns.what < 16 {
            // A narrow terminal: the words matter more than the figures beside them.
            columns.time = 0
            columns.evidence = 0
            columns.what = options.width - columns.whatStart
        }
        return columns
    }

    private func list(_ steps: WalkSteps) -> [StyledText] {
        let columns = columns(steps.steps)
        var lines: [StyledText] = []
        var namespace: String?
        for step in steps.steps {
            var name = StyledText()
            if step.namespace != namespace {
                name = pen(step.namespace, .strong)
                namespace = step.namespace
                if name.columns > columns.namespace {
                    lines += name.wrapped(to: options.width - 1).map { .spaces(1) + $0 }
                    name = StyledText()
                }
            }
            lines += self.lines(step, name: name, columns)
        }
        if steps.hiddenHooks > 0 {
            let text = steps.hiddenHooks == 1 ? "1 netfilter point" : "\(steps.hiddenHooks) netfilter points"
            let line = pen("and \(text) passed unchanged (-v lists them)", .dim)
            lines += line.wrapped(to: options.width - columns.placeStart).map { .spaces(columns.placeStart) + $0 }
        }
        let uncertain = steps.steps.filter { $0.confidence == .strong }
        if !uncertain.isEmpty {
            let line = pen("≈", .caution) + pen(" probable match, not exact (-v: matched by which fields)", .dim)
            lines += line.wrapped(to: options.width - columns.placeStart).map { .spaces(columns.placeStart) + $0 }
        }
        return lines
    }

    private func lines(_ step: WalkStep, name: StyledText, _ columns: Columns) -> [StyledText] {
        let what = what(step)
        let time = time(step)
        let evidence = evidence(step)
        let evidenceStart = columns.whatStart + columns.what + 2 + columns.time + 2
        // Without a time the words may use its column, and the evidence begin earlier.
        let shift =
            time.isEmpty ? max(0, min(evidence.columns, columns.time + 2 + columns.evidence) - columns.evidence) : 0
        let room =
            if columns.evidence == 0 || (time.isEmpty && evidence.isEmpty) {
                options.width - columns.whatStart
            } else if time.isEmpty {
                evidenceStart - shift - 2 - columns.whatStart
            } else {
                columns.what
            }
        let whatLines = what.wrapped(to: room)
        let evidenceLines = columns.evidence > 0 ? evidence.wrapped(to: columns.evidence + shift) : []
        let placeStyle: TextStyle = step.kind == .stop || step.kind == .missing ? .bad : .plain
        let placeLines = pen(step.place, placeStyle).wrapped(to: columns.place)
        var lines: [StyledText] = []
        for row in 0..<max(whatLines.count, evidenceLines.count, placeLines.count) {
            var line = StyledText.spaces(1)
            if row == 0 {
                line += pen("\(step.number)", .dim).paddedLeft(to: columns.number) + .spaces(1)
                line += name
            }
            line = line.padded(to: columns.placeStart)
            if row < placeLines.count { line += placeLines[row] }
            line = line.padded(to: columns.whatStart)
            if row < whatLines.count { line += whatLines[row] }
            if row == 0, !time.isEmpty, columns.time > 0 {
                line = line.padded(to: evidenceStart - 2 - columns.time) + time.paddedLeft(to: columns.time)
            }
            if row < evidenceLines.count { line = line.padded(to: evidenceStart - shift) + evidenceLines[row] }
            lines.append(line)
        }
        for note in step.notes {
            let wrapped = pen(note.text, note.style).wrapped(to: options.width - columns.placeStart - 4)
            for (row, part) in wrapped.enumerated() {
                lines.append(.spaces(columns.placeStart + (row == 0 ? 2 : 4)) + part)
            }
        }
        lines += copies(step, indent: columns.placeStart)
        return lines
    }

    /// Where copies and parts of the packet went: one line each, the first few.
    private func copies(_ step: WalkStep, indent: Int) -> [StyledText] {
        let limit = options.verbosity >= .verbose ? step.copies.count : 6
        var texts = Array(step.copies.prefix(limit))
        if step.copies.count > limit { texts.append("and \(step.copies.count - limit) more (-v lists them)") }
        return texts.flatMap { text in
            let head = pen("↳ ", .dim)
            return pen(text, .dim).wrapped(to: options.width - indent - head.columns).enumerated().map { row, part in
                .spaces(indent) + (row == 0 ? head : .spaces(head.columns)) + part
            }
        }
    }

    // MARK: - The reply

    func replyLines(_ reply: Walk, to request: Walk) -> [StyledText] {
        let steps = WalkSteps(reply, topology: topology, verbosity: options.verbosity)
        let arrived = reply.outcome == .delivered || reply.outcome == .left
        if arrived, options.verbosity < .verbose, Self.goesBack(reply, request), reply.findings.isEmpty {
            var text = pen("same path back")
            text += pen(", \(Durations.text(nanoseconds: reply.durationNanoseconds))", .dim)
            var lines = labelled("reply", text)
            for step in steps.steps where step.kind == .translation {
                let what = step.what.filter { $0.style == .translation }.map { pen($0.text, $0.style) }
                    .joined(pen(", "))
                lines += labelled("", pen("at \(step.namespace) \(step.place): ", .dim) + what)
                for note in step.notes where note.style == .name {
                    lines += labelled("", .spaces(2) + pen(note.text, note.style))
                }
            }
            let weakest = steps.steps.map(\.confidence).min() ?? .exact
            if weakest != .exact {
                lines += labelled("", pen("≈", .caution) + pen(" \(weakest.rawValue) in part (-v: where)", .dim))
            }
            return lines
        }
        var lines: [StyledText] = [StyledText()]
        var headline = WalkHeadline(reply, reply: nil)
        let astray = Exchange(request: request, reply: reply).strayWords
        if astray != nil { headline.mark = .bad }
        var text = pen("\(headline.mark.sign) \(headline.outcome)", headline.mark.style)
        if let astray {
            text += pen(astray, .caution)
        } else if arrived, !Self.goesBack(reply, request) {
            text += pen(" by a different path", .caution)
        }
        text += .spaces(2) + pen(PacketWords.flow(reply))
        let remark = headline.remark.map { pen($0) } ?? StyledText()
        if (text + .spaces(2) + remark).columns <= options.width - FindingText.indent {
            lines += labelled("reply", text + .spaces(2) + remark)
        } else {
            lines += labelled("reply", text) + (remark.isEmpty ? [] : labelled("", remark))
        }
        lines.append(StyledText())
        if steps.steps.count > 1 {
            lines += PathStrip(pen).lines(PathLayout(steps, of: reply, topology: topology))
            lines.append(StyledText())
        }
        lines += list(steps)
        let finding = FindingText(pen)
        lines += finding.heads(reply.findings)
        lines += finding.details(reply.findings)
        return lines
    }

    private func labelled(_ label: String, _ text: StyledText) -> [StyledText] {
        let indent = FindingText.indent
        return text.wrapped(to: options.width - indent).enumerated().map { row, part in
            (.spaces(1) + pen(row == 0 ? label : "", .strong)).padded(to: indent) + part
        }
    }

    /// Whether the reply passed the devices of the request, in reverse order.
    static func goesBack(_ reply: Walk, _ request: Walk) -> Bool {
        func devices(_ walk: Walk) -> [String] {
            WalkPath(walk).hops.filter { $0.vantage == .link }.map { "\($0.namespace)\u{0}\($0.device ?? "")" }
        }
        return devices(reply) == devices(request).reversed()
    }

    private func losses(_ request: Walk, _ reply: Walk?) -> [StyledText] {
        var lost: [String: UInt64] = [:]
        for loss in request.losses + (reply?.losses ?? []) where !loss.isInferred {
            lost[loss.vantage] = max(lost[loss.vantage] ?? 0, loss.lost)
        }
        return lost.sorted { $0.key < $1.key }.flatMap { vantage, count in
            labelled("lost events", pen(WalkLoss(vantage: vantage, lost: count).sentence, .caution))
        }
    }
}

extension Exchange {
    /// ` in host, not in mynamespace`; nil where the reply came to who asked.
    fileprivate var strayWords: String? {
        guard isReplyAstray, let end = reply?.hops.last?.namespace, let asker = request.hops.first?.namespace else {
            return nil
        }
        return " in \(end), not in \(asker)"
    }
}
