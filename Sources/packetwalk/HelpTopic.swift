internal import ArgumentParser
internal import Diagnosis
internal import LinuxSystem
internal import Network
internal import Runs
internal import Views
internal import WalkModel

/// `packetwalk help no-source-nat`: what a cause is, in the words of the documentation; `packetwalk help codes` lists them.
enum HelpTopic {
    /// Nil for what is no code of a cause.
    static func page(_ code: String) -> FindingPage? {
        FindingPage(code: code, in: EmbeddedFiles.text("docs/findings.md") ?? "")
    }

    /// Prints the page that the words ask for. False where they ask for something else.
    static func answer(_ all: [String]) throws -> Bool {
        let words = all.filter { $0 != "--no-pager" }
        guard words.count == 2, words[0] == "help" else { return false }
        let subcommands = Packetwalk.configuration.subcommands.map { $0._commandName }
        let code = words[1]
        if subcommands.contains(code) { return false }
        if code == "codes" {
            if words == all { Pager.begin() }
            try printOut(FindingCode.known.map(\.rawValue).sorted().joined(separator: "\n") + "\n")
            return true
        }
        if let page = page(code) {
            let options = RenderOptions(color: .auto, ascii: false, verbosity: .normal, facts: .current())
            if words == all { Pager.begin() }
            try printOut(page.render(code: code, options))
            return true
        }
        let near = (subcommands + FindingCode.known.map(\.rawValue)).nearest(to: code)
        throw RunError(
            .usage,
            "no help on \"\(code)\", which is neither a command nor the code of a cause: "
                + (near.map { "did you mean \($0)?" } ?? "packetwalk help codes lists them")
        )
    }
}
