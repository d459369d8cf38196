import Network
import WalkModel

extension LiveScreen {
    /// The lines of the page that is open, all of them.
    func pageLines() -> [String] {
        switch page {
        case .table: []
        case .connection: opened.map(connectionLines) ?? []
        case .fix: opened.map(fixLines) ?? []
        case .help: helpLines
        }
    }

    /// The entry that `trace` prints.
    private func connectionLines(_ row: ConnectionRow) -> [String] {
        var options = options
        options.verbosity = .normal
        let renderer = ConnectionRenderer(format: .text, options: options, topology: topology)
        guard let text = try? renderer.render(row.connection, isUnderWay: row.isOpen) else { return [] }
        return [""] + text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
    }

    /// Each command from the first column, so that it can be marked with the mouse.
    private func fixLines(_ row: ConnectionRow) -> [String] {
        let pen = Pen(options)
        let connection = row.connection
        var lines: [StyledText] = [StyledText()]
        lines += pen(ConnectionHeadline.subject(connection), .strong).wrapped(to: options.width)
        if let fault = connection.faults.first {
            let code = fault.finding.map { " (\($0.code.rawValue))" } ?? ""
            lines += pen(fault.message + code).wrapped(to: options.width)
        }
        lines += [StyledText(), pen("the fix", .dim), StyledText()]
        for command in fix(of: connection) {
            // Broken where a shell lets it go on.
            let parts = pen(command, .strong).wrapped(to: options.width - 2)
            for (index, part) in parts.enumerated() {
                lines.append(part + (index < parts.count - 1 ? pen(" \\", .dim) : StyledText()))
            }
        }
        lines += [StyledText()] + pen("Nothing of it has been run.", .dim).wrapped(to: options.width)
        return lines.map { $0.trimmedEnd().rendered(color: options.color) }
    }

    private var helpLines: [String] {
        let rows: [(keys: String, does: String)] = [
            ("↑ ↓ PgUp PgDn Home End", "choose a connection (also j k g G)"),
            ("Enter", "open it: path, figures, cause and fix, as trace prints it"),
            ("f", "show the commands that fix it"),
            ("c", "copy them: the terminal must allow OSC 52"),
            ("/", "show only what has all words that are typed: names, addresses, outcomes, causes"),
            ("Esc", "show all again; leave a page"),
            ("s", "sort by the next: \(LiveOrder.allCases.map(\.words).joined(separator: ", "))"),
            ("p", "hold the rows still; packets are still counted"),
            ("Ctrl-L", "draw the screen anew"),
            ("q, Ctrl-C", "end the run"),
            ("", ""),
            ("rate", "bytes in both directions over the last three seconds"),
            ("rtt", "mean time from a request to its reply: SYNs, pings, datagrams"),
        ]
        let text = Table(rows: rows.map { Table.Row([$0.keys, $0.does]) }).render(options)
        return [""] + text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
    }
}
