import Network
import Observations
import WalkModel
import Wire

/// A connection as text: how it went, cause and fix, the path drawn once, figures, details.
struct ConnectionText {
    private let pen: Pen
    private let topology: Topology?
    private let times: TimeText

    init(_ options: RenderOptions, topology: Topology?) {
        pen = Pen(options)
        self.topology = topology
        times = TimeText(style: options.time ?? .clock, origin: options.timeOrigin)
    }

    private var options: RenderOptions { pen.options }

    // MARK: One line

    /// `01:58:14.860946 ✔ closed TCP web → 198.51.100.1:80 (wan)  2.10 MB received in 12.4 ms`
    func line(_ connection: Connection, note: String? = nil) -> String {
        let headline = ConnectionHeadline(connection)
        var line = StyledText()
        let time = times.text(connection.startNanoseconds)
        if !time.isEmpty { line += pen(time, .dim) + .spaces(1) }
        line +=
            pen(headline.mark.sign, headline.mark.style) + .spaces(1) + pen(headline.outcome, headline.mark.style)
            + .spaces(2)
        line += pen(headline.subject)
        if let cause = connection.causes.first, connection.hasFailed {
            line += .spaces(1) + pen("(\(cause.finding.code.rawValue))", .caution)
        }
        if let remark = headline.remark { line += .spaces(2) + pen(remark, .dim) }
        if let note { line += pen(", \(note)", .dim) }
        return [line].rendered(color: options.color)
    }

    // MARK: The whole entry

    func render(_ connection: Connection, isUnderWay: Bool) -> String {
        let text = WalkText(options, topology: topology)
        let request = connection.example.request
        let reply = connection.example.reply
        var lines = headline(connection, isUnderWay: isUnderWay)
        lines += causes(connection)
        let isDetailed = connection.hasFailed || options.verbosity >= .verbose
        lines += text.path(request, lists: isDetailed)
        lines += figures(connection)
        if let reply, isDetailed || !WalkText.goesBack(reply, request) || !reply.cameToReceiver {
            lines += text.replyLines(reply, to: request)
        } else if reply != nil {
            lines += labelled("reply", pen("same path back"))
        }
        let details = FindingText(pen).details(connection.causes.map(\.finding))
        if !details.isEmpty { lines += [StyledText()] + details }
        return lines.rendered(color: options.color)
    }

    private func headline(_ connection: Connection, isUnderWay: Bool) -> [StyledText] {
        let headline = ConnectionHeadline(connection)
        let mark = pen(headline.mark.sign, headline.mark.style) + .spaces(1)
        let text = pen(headline.outcome, headline.mark.style) + .spaces(3) + pen(headline.subject, .strong)
        var remark = headline.remark.map { pen($0) } ?? StyledText()
        if isUnderWay { remark += pen(remark.isEmpty ? "goes on" : ", goes on", .caution) }
        let room = options.width - mark.columns
        let whole = text + .spaces(3) + remark
        let lines = whole.columns <= room ? [whole] : text.wrapped(to: room) + remark.wrapped(to: room)
        return lines.enumerated().map { index, line in
            index == 0 ? mark + line : .spaces(mark.columns) + line
        }
    }

    /// What is wrong and how it is fixed, before anything else.
    func causes(_ connection: Connection) -> [StyledText] {
        let finding = FindingText(pen)
        let counted = connection.causes.map { $0.count > 1 ? when($0) : nil }
        return finding.heads(connection.causes.map(\.finding), notes: counted)
    }

    /// `3 times, first 01:58:14.860946, last 01:58:17.860946`
    private func when(_ cause: Connection.Cause) -> String {
        var parts = [Quantity.text(cause.count, "time")]
        if times.style != .none {
            parts += ["first \(times.text(cause.firstNanoseconds))", "last \(times.text(cause.lastNanoseconds))"]
        }
        return parts.joined(separator: ", ")
    }

    func figures(_ connection: Connection) -> [StyledText] {
        var lines: [StyledText] = [StyledText()]
        let began = times.text(connection.startNanoseconds)
        if !began.isEmpty { lines += labelled("began", pen(began)) }
        // The list of steps of what failed has them.
        for (index, translation) in connection.translations.enumerated() where !connection.hasFailed {
            let texts = translation.change.texts
            let words = "\(translation.change.field.words) \(texts.from ?? "") ⇒ \(texts.to ?? "")"
            let place = [translation.namespace, translation.hook?.rawValue].compactMap(\.self)
            lines += labelled(
                index == 0 ? "translation" : "",
                pen(words, .translation) + pen(" at \(place.joined(separator: " "))", .dim))
            let isLast =
                index + 1 == connection.translations.count
                || connection.translations[index + 1].rule != translation.rule
            if let rule = translation.rule, isLast { lines += labelled("", pen("  \(rule.line())", .name)) }
        }
        for (index, lookup) in connection.lookups.enumerated() {
            lines += labelled(index == 0 ? "asked" : "", words(lookup))
        }
        if connection.lookupCount > connection.lookups.count {
            lines += labelled("", pen("and \(connection.lookupCount - UInt64(connection.lookups.count)) more", .dim))
        }
        if let time = connection.handshakeNanoseconds {
            lines += labelled("handshake", pen(Durations.text(nanoseconds: time)))
        }
        let (client, server) = (name(connection.client), name(connection.server))
        var sent = connection.sent
        // A SYN that is refused has arrived.
        if connection.ending == .refused { sent.stopped = 0 }
        lines += labelled("sent", words(sent, "by \(client)"))
        if connection.received.packets > 0 {
            lines += labelled("received", words(connection.received, "from \(server)"))
        }
        let seen = connection.replies + connection.inconclusive
        if connection.kind == .echo, connection.requests > seen {
            let lost = connection.requests - seen
            let percent = lost * 100 / connection.requests
            lines += labelled("loss", pen("\(lost) of \(connection.requests) (\(percent)%)", .caution))
        }
        if let times = connection.roundTrip, times.count > 1 || connection.kind == .tcp, connection.kind != .echo {
            let texts = [times.minimumNanoseconds, times.averageNanoseconds, times.maximumNanoseconds]
                .map { Durations.text(nanoseconds: $0) }
            lines += labelled(
                "round trip",
                pen(times.count == 1 ? texts[0] : "min/avg/max " + texts.joined(separator: " / ")))
        }
        if let end = ending(connection, client: client, server: server) { lines += labelled("ended", pen(end)) }
        return lines
    }

    private func ending(_ connection: Connection, client: String, server: String) -> String? {
        guard connection.kind == .tcp else { return nil }
        let who = connection.endedBy.map { $0 == .client ? client : server }
        let time = "after \(Durations.text(nanoseconds: connection.durationNanoseconds))"
        switch connection.ending {
        case .closed: return "closed by \(who ?? "one end") (FIN) \(time)"
        case .reset: return "reset by \(who ?? "one end") (RST) \(time)"
        case .refused: return who.map { "refused by \($0) (RST)" } ?? "refused"
        case .idle: return "idle"
        case .open: return who.map { "half closed by \($0) (FIN)" }
        case .crowded: return "too many connections at once: the rest of it is another entry"
        }
    }

    private func name(_ end: Connection.End) -> String { end.namespace ?? end.address.description }

    private func words(_ traffic: Connection.Traffic, _ who: String) -> StyledText {
        var text =
            pen("\(Quantity.text(traffic.packets, "packet")), \(Quantity.bytes(traffic.bytes))") + pen(" \(who)", .dim)
        if traffic.retransmitted > 0 { text += pen(", \(traffic.retransmitted) retransmitted", .caution) }
        if traffic.stopped > 0 { text += pen(", \(traffic.stopped) stopped", .caution) }
        return text
    }

    private func words(_ lookup: Connection.Lookup) -> StyledText {
        let isGood = lookup.answer?.responseCode == 0
        var text = pen(Self.words(lookup), isGood ? .plain : .caution)
        if let time = lookup.nanoseconds { text += pen("  \(Durations.text(nanoseconds: time))", .dim) }
        return text
    }

    /// `A db.example → 192.0.2.7`, `AAAA db.example: NXDOMAIN`, `A db.example: no reply`
    static func words(_ lookup: Connection.Lookup) -> String {
        let question = "\(lookup.question.typeName) \(lookup.question.name ?? "?")"
        guard let answer = lookup.answer else { return "\(question): no reply" }
        if answer.responseCode != 0 { return "\(question): \(answer.resultName)" }
        if answer.answers.isEmpty {
            return question + (answer.isTruncated ? ": truncated" : ": \(Quantity.text(answer.answerCount, "answer"))")
        }
        let more = Int(answer.answerCount) - answer.answers.count
        return "\(question) → \(answer.answers.joined(separator: ", "))" + (more > 0 ? ", and \(more) more" : "")
    }

    private func labelled(_ label: String, _ text: StyledText) -> [StyledText] {
        let indent = FindingText.indent
        return text.wrapped(to: options.width - indent).enumerated().map { row, part in
            (.spaces(1) + pen(row == 0 ? label : "", .strong)).padded(to: indent) + part
        }
    }
}

extension FieldChange.Field {
    fileprivate var words: String { rawValue.replacing("_", with: " ") }
}
