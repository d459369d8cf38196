internal import Experiment
internal import Views

/// The results of `check`, written.
enum CheckReport {
    /// `check --format json`: a line an expectation.
    struct Row: Encodable {
        var line: Int
        var expectation: String
        var holds: Bool
        var happened: String

        init(_ result: Checker.Result) {
            line = result.expectation.line
            expectation = result.expectation.text
            holds = result.holds
            happened = result.happened
        }
    }

    /// - Parameter quiet: only those that fail, and the sum.
    static func text(_ results: [Checker.Result], quiet: Bool) -> String {
        var text = ""
        for result in results where !quiet || !result.holds {
            text += "\(result.holds ? "ok    " : "FAILED")  \(visibleText(result.expectation.text))\n"
            if !result.holds { text += "        \(visibleText(result.happened)) (line \(result.expectation.line))\n" }
        }
        let failed = results.count { !$0.holds }
        let count = results.count == 1 ? "1 expectation" : "\(results.count) expectations"
        return text + (failed == 0 ? "\(count), all hold\n" : "\(count), \(failed) failed\n")
    }

    /// Version 13, <https://testanything.org>.
    static func tap(_ results: [Checker.Result]) -> String {
        var text = "TAP version 13\n1..\(results.count)\n"
        for (index, result) in results.enumerated() {
            let words = visibleText(result.expectation.text).replacing("#", with: "\\#")
            text += "\(result.holds ? "ok" : "not ok") \(index + 1) - \(words)\n"
            if !result.holds { text += "# \(visibleText(result.happened))\n" }
        }
        return text
    }
}
