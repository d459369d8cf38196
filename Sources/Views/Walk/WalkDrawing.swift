import Network
import WalkModel

/// An exchange ready to be drawn in a graphic format: the same steps and boxes as the text has.
struct WalkDrawing {
    var request: Walk
    var reply: Walk?
    var headline: WalkHeadline
    var steps: WalkSteps
    var layout: PathLayout
    var answerSteps: WalkSteps?
    /// Nil where the answer came back by the same path.
    var answerLayout: PathLayout?
    /// What is wrong, the most serious first.
    var findings: [Finding]
    /// The same with what it rests on, as lines of text.
    var causes = ""

    init(_ request: Walk, reply: Walk?, topology: Topology?, verbosity: Verbosity) {
        self.request = request
        self.reply = reply
        findings = request.findings
        headline = WalkHeadline(request, reply: reply)
        steps = WalkSteps(request, topology: topology, verbosity: verbosity)
        layout = PathLayout(steps, of: request, topology: topology)
        guard let reply else { return }
        let back = WalkSteps(reply, topology: topology, verbosity: verbosity)
        answerSteps = back
        if !WalkText.goesBack(reply, request) || !reply.cameToReceiver {
            answerLayout = PathLayout(back, of: reply, topology: topology)
        }
    }

    /// `ping mynamespace → 198.51.100.1  seq 1`
    var title: String { [headline.subject, headline.detail].compactMap(\.self).joined(separator: "  ") }

    var outcome: String {
        let words = [headline.outcome, headline.remark].compactMap(\.self).joined(separator: ", ")
        return request.prediction == nil ? words : "predicted, nothing was sent: \(words)"
    }

    /// What the answer's line says where it came back by the same path.
    var answer: String? {
        guard let reply, answerLayout == nil else { return nil }
        return "reply, same path back, \(Durations.text(nanoseconds: reply.durationNanoseconds))"
    }
}

extension WalkStep {
    /// All that the step says, in one line: `postrouting: source 172.19.0.2 ⇒ 203.0.113.2`.
    var sentence: String {
        what.isEmpty ? place : "\(place): \(what.map(\.text).joined(separator: ", "))"
    }
}
