import WalkModel

/// A walk as a page: the drawing, the steps in a table, causes and remedies.
struct WalkHTML {
    private let drawing: WalkDrawing

    init(_ drawing: WalkDrawing) {
        self.drawing = drawing
    }

    func render() -> String {
        var page = HTMLPage(title: "\(drawing.headline.mark.sign) \(drawing.outcome): \(drawing.title)")
        page.body.append("<div class=\"figure\">\n\(WalkSVG(drawing).document().render())</div>")
        findings(drawing.request, in: &page)
        page.heading("Steps")
        table(drawing.steps, in: &page)
        if let steps = drawing.answerSteps {
            page.heading("Reply")
            table(steps, in: &page)
        }
        if let reply = drawing.reply { findings(reply, in: &page) }
        for loss in drawing.request.losses where !loss.isInferred {
            page.body.append("<p>\(MarkupText.xml(loss.sentence))</p>")
        }
        return page.render()
    }

    private func table(_ steps: WalkSteps, in page: inout HTMLPage) {
        page.table(
            heading: ["", "namespace", "place", "what", "time", "evidence"],
            rows: steps.steps.map { step in
                var what = [MarkupText.xml(step.what.map(\.text).joined(separator: ", "))].filter { !$0.isEmpty }
                what += step.notes.map { "<span class=\"dim\">\(MarkupText.xml($0.text))</span>" }
                what += step.copies.map { "<span class=\"dim\">\(MarkupText.xml($0))</span>" }
                let time = step.elapsedNanoseconds.map { "+" + Durations.text(nanoseconds: $0) } ?? ""
                let confidence = step.confidence == .exact ? [] : [step.confidence.rawValue]
                return [
                    "\(step.number)", MarkupText.xml(step.namespace), MarkupText.xml(step.place),
                    what.joined(separator: "<br>"), MarkupText.xml(time),
                    MarkupText.xml((step.evidence + confidence).joined(separator: ", ")),
                ]
            })
        if steps.hiddenHooks > 0 {
            page.body.append("<p class=\"dim\">\(steps.hiddenHooks) netfilter points passed unchanged.</p>")
        }
    }

    private func findings(_ walk: Walk, in page: inout HTMLPage) {
        guard !walk.findings.isEmpty else { return }
        page.heading("Cause")
        let text = FindingText(Pen(RenderOptions(width: 100))).lines(walk).rendered(color: false)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { MarkupText.xml($0) }
        page.body.append("<pre>\(lines.joined(separator: "\n"))</pre>")
    }
}
