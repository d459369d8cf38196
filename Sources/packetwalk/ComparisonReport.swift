internal import Experiment
internal import Views

/// What was predicted beside what was observed, written.
struct ComparisonReport {
    private let comparison: PathComparison

    init(_ comparison: PathComparison) { self.comparison = comparison }

    /// The verdict in a line; where they part, every place of both paths.
    func text(_ options: RenderOptions) -> String {
        let count = comparison.hopCount
        guard let parting = comparison.parting else {
            return "compared with the twin: the same, \(count) hop\(count == 1 ? "" : "s")\n"
        }
        var text =
            "compared with the twin: they part at \(parting.number) of the \(parting.isReply ? "reply" : "packet")"
        text += " (\(parting.row.differences.joined(separator: ", ")))\n"
        text += "  predicted  \(Self.words(parting.row.predicted))\n"
        text += "  observed   \(Self.words(parting.row.observed))\n"
        for (name, rows) in [("packet", comparison.request), ("reply", comparison.reply)] where !rows.isEmpty {
            let cells = rows.enumerated().map { index, row in
                Table.Row([
                    "\(row.differences.isEmpty ? " " : "≠") \(index + 1)", Self.words(row.predicted),
                    Self.words(row.observed),
                ])
            }
            text += "\n" + Table(heading: [name, "predicted", "observed"], rows: cells).render(options)
        }
        return text
    }

    private static func words(_ step: PathComparison.Step?) -> String {
        guard let step else { return "nothing" }
        return visibleText([step.place, step.packet].compactMap(\.self).joined(separator: "  "))
    }

    /// Schema `packetwalk.comparison/1`: one object, behind the walks.
    struct Document: Encodable {
        struct Step: Encodable {
            var place: String
            var packet: String?
            init(_ step: PathComparison.Step) {
                place = step.place
                packet = step.packet
            }
        }

        struct Row: Encodable {
            var predicted: Step?
            var observed: Step?
            var differences: [String]
            init(_ row: PathComparison.Row) {
                predicted = row.predicted.map { Step($0) }
                observed = row.observed.map { Step($0) }
                differences = row.differences
            }
        }

        struct Parting: Encodable {
            var walk: String
            var number: Int
            var row: Row
        }

        var schema = "packetwalk.comparison/1"
        var same: Bool
        var hops: Int
        var parting: Parting?
        var request: [Row]
        var reply: [Row]

        init(_ comparison: PathComparison) {
            same = comparison.isSame
            hops = comparison.hopCount
            parting = comparison.parting.map {
                Parting(walk: $0.isReply ? "reply" : "request", number: $0.number, row: Row($0.row))
            }
            request = comparison.request.map { Row($0) }
            reply = comparison.reply.map { Row($0) }
        }
    }
}
