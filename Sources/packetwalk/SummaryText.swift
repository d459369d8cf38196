internal import Query
internal import Views
internal import WalkModel
internal import Wire

/// A summary as text: what is broken first, then who talked to whom, then where and how fast.
struct SummaryText {
    private let report: Summary.Report
    private let options: RenderOptions

    init(_ report: Summary.Report, _ options: RenderOptions) {
        self.report = report
        self.options = options
    }

    func text() -> String {
        var parts = [headline + "\n"]
        parts += report.faults.map(fault)
        if !report.connectionFlows.isEmpty { parts.append(flows) }
        parts += report.tables.map { table in
            let rows = table.rows.map { Table.Row($0) }
            return visibleText(table.title) + "\n" + Table(heading: table.heading, rows: rows).render(options)
        }
        return parts.joined(separator: "\n")
    }

    private var headline: String {
        let connections = Quantity.text(report.connections, "connection")
        let packets =
            "\(Quantity.text(report.walks, "packet")): \(report.outcomeWords)"
            + (report.sampledOneOf.map { "; \(SampleShare(oneOf: $0).sentence)" } ?? "")
        if report.faults.isEmpty {
            let failed = report.failedConnections == 0 ? "none failed" : "\(report.failedConnections) failed"
            return "\(connections), \(failed); \(packets)"
        }
        return
            "\(Quantity.text(report.faults.count, "fault")); \(report.failedConnections) of \(connections) failed; \(packets)"
    }

    private func fault(_ fault: ConnectionSums.Fault) -> String {
        let mark: Table.Mark = fault.severity == "error" ? .bad : .caution
        let code = fault.code.map { " (\($0))" } ?? ""
        var rows = [
            Table.Row([fault.severity == "error" ? "cause" : "possible cause", fault.message + code], mark: mark)
        ]
        var who = fault.concerned.joined(separator: "; ")
        if fault.connections > 1 { who += " (\(Quantity.text(fault.connections, "connection")))" }
        rows.append(Table.Row(["who", who]))
        var when = Quantity.text(fault.count, "time")
        let (first, last) = (time(fault.firstNanoseconds), time(fault.lastNanoseconds))
        if !first.isEmpty { when += fault.count > 1 ? ", first \(first), last \(last)" : " at \(first)" }
        rows.append(Table.Row(["how often", when]))
        for (index, command) in fault.fix.enumerated() { rows.append(Table.Row([index == 0 ? "fix" : "", command])) }
        if let rule = fault.rule { rows.append(Table.Row(["rule", rule])) }
        return Table(rows: rows).render(options)
    }

    private func time(_ nanoseconds: Int64) -> String { options.text(timeNanoseconds: nanoseconds) }

    private var flows: String {
        let rows = report.connectionFlows.map { flow in
            Table.Row(
                [
                    String(flow.connections), String(flow.failed), String(flow.packets), Quantity.bytes(flow.sentBytes),
                    Quantity.bytes(flow.receivedBytes),
                    flow.averageRoundTrip.map { Durations.text(nanoseconds: $0) } ?? "", flow.name,
                ], mark: flow.failed > 0 ? .bad : .none)
        }
        let heading = ["conns", "failed", "packets", "sent", "received", "rtt", "flow"]
        let hidden = report.connectionFlowCount - rows.count
        let more = hidden > 0 ? "and \(Quantity.text(hidden, "flow")) more, none of which failed\n" : ""
        return "flows\n"
            + Table(heading: heading, rows: rows, rightAligned: [0, 1, 2, 3, 4, 5]).render(options) + more
    }
}
