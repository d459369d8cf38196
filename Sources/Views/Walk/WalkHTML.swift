import Network
import Observations
import WalkModel
import Wire

/// A walk, or a connection by its example, as a part of a page: the cause, the drawing, the steps with their evidence.
struct WalkHTML {
    private let entry: PictureEntry
    private var drawing: WalkDrawing { entry.drawing }

    init(_ entry: PictureEntry) {
        self.entry = entry
    }

    /// The headline as markup.
    var heading: String {
        let headline = drawing.headline
        let mark =
            switch headline.mark {
            case .good: "good"
            case .open: "caution"
            case .bad: "bad"
            }
        let predicted = drawing.request.prediction == nil ? "" : "predicted, nothing was sent: "
        let outcome = "\(headline.mark.sign) \(headline.outcome)"
        let more = [headline.remark, entry.time.isEmpty ? nil : entry.time].compactMap(\.self)
        return "\(predicted)<span class=\"\(mark)\">\(MarkupText.xml(outcome))</span> \(MarkupText.xml(drawing.title)) "
            + "<span class=\"dim\">\(MarkupText.xml(more.joined(separator: ", ")))</span>"
    }

    /// - Parameter isSingle: whether the page's heading is the entry's.
    func section(isSingle: Bool) -> String {
        let failed = drawing.headline.mark == .bad
        // What went well is folded where there is more than it.
        let isOpen = isSingle || failed
        var parts = [
            "<details class=\"walk\(failed ? " failed" : "")\"\(isOpen ? " open=\"open\"" : "")>",
            "<summary>\(isSingle ? "Path" : heading)</summary>",
        ]
        if !drawing.causes.isEmpty { parts.append(preformatted(drawing.causes)) }
        parts.append("<div class=\"figure\">\n\(WalkSVG(drawing, hasNotes: false).inPage().inPage())\n</div>")
        if !entry.figures.isEmpty { parts.append(preformatted(entry.figures)) }
        parts.append("<h2>Steps</h2>")
        parts.append(table(drawing.steps, "request"))
        if let steps = drawing.answerSteps {
            parts += ["<h2>Reply</h2>", table(steps, "reply")]
        }
        for loss in drawing.request.losses where !loss.isInferred {
            parts.append("<p>\(MarkupText.xml(loss.sentence))</p>")
        }
        parts.append("</details>")
        return parts.joined(separator: "\n")
    }

    private func preformatted(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { MarkupText.xml($0) }
        return "<pre>\(lines.joined(separator: "\n"))</pre>"
    }

    private func table(_ steps: WalkSteps, _ part: String) -> String {
        let table = HTMLPage.table(
            heading: ["", "namespace", "place", "what", "time", "evidence"],
            rows: steps.steps.map { step in
                var what = [MarkupText.xml(step.what.map(\.text).joined(separator: ", "))].filter { !$0.isEmpty }
                what += step.notes.map { "<span class=\"dim\">\(MarkupText.xml($0.text))</span>" }
                what += step.copies.map { "<span class=\"dim\">\(MarkupText.xml($0))</span>" }
                let time = step.elapsedNanoseconds.map { "+" + Durations.text(nanoseconds: $0) } ?? ""
                let place = step.hop.flatMap { hop in hop.device.map { "\(hop.namespace)/\($0)" } } ?? ""
                return HTMLPage.Row(
                    cells: [
                        "\(step.number)", MarkupText.xml(step.namespace), MarkupText.xml(step.place),
                        what.joined(separator: "<br/>"), MarkupText.xml(time), evidence(step),
                    ], values: [("step", "\(step.number)"), ("part", part), ("place", place)])
            })
        let hidden =
            steps.hiddenHooks > 0
            ? "\n<p class=\"dim\">\(steps.hiddenHooks) netfilter points passed unchanged.</p>" : ""
        return table + hidden
    }

    /// How the step is known, and folded below it what was seen there.
    private func evidence(_ step: WalkStep) -> String {
        let confidence = step.confidence == .exact ? [] : [step.confidence.rawValue]
        let words = MarkupText.xml((step.evidence + confidence).joined(separator: ", "))
        guard let hop = step.hop else { return words }
        let lines = Self.facts(hop).map { "<p>\(MarkupText.xml($0))</p>" }.joined()
        return "<details><summary>\(words.isEmpty ? "more" : words)</summary>\(lines)</details>"
    }

    /// The packet as it looked at a hop, and what the hop rests on.
    private static func facts(_ hop: Hop) -> [String] {
        let packet = hop.packet
        let ends = [packet.source.text(port: packet.sourcePort), packet.destination.text(port: packet.destinationPort)]
        var facts = [ends.joined(separator: " → ")]
        var fields = [packet.ttl.map { "ttl \($0)" }, packet.length > 0 ? "\(packet.length) bytes" : nil]
        fields.append(packet.mark.flatMap { $0 == 0 ? nil : "mark 0x\(String($0, radix: 16))" })
        fields.append(packet.dscp.flatMap { $0 == 0 ? nil : "dscp \($0)" })
        fields.append(packet.dontFragment == true ? "DF" : nil)
        facts.append(fields.compactMap(\.self).joined(separator: ", "))
        if let source = packet.macSource, let destination = packet.macDestination {
            facts.append("\(source) → \(destination)")
        }
        if let tunnel = packet.encapsulation { facts.append("in \(tunnel)") }
        if let route = hop.route?.matchedRoute { facts.append("route \(route)") }
        facts += hop.rules.map { $0.line(withHandle: true) }
        facts.append("at +\(Durations.text(nanoseconds: hop.offsetNanoseconds))")
        if !hop.joinedBy.isEmpty {
            facts.append("matched by \(hop.joinedBy.map(\.rawValue).joined(separator: ", "))")
        }
        return facts.filter { !$0.isEmpty }
    }
}
