internal import ArgumentParser
internal import Views

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what this machine allows, what is missing, and how to get it.")

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Output")
    var pager: PagerOptions

    func validate() throws { try output.refusePicture(of: "doctor") }

    func run() throws {
        let checks = Examination.run()
        pager.begin()
        if output.format == .json {
            try printOut(try jsonLine(Report(version: Packetwalk.version, checks: checks)) + "\n")
        } else {
            let rows = checks.map { check in
                let remedy = check.remedy.map { "; to get it: \($0)" } ?? ""
                return Table.Row([check.name, check.detail + remedy], mark: check.state.mark)
            }
            try printOut(
                Table(heading: ["what", "found"], rows: rows).render(output.renderOptions))
        }
        if checks.contains(where: { $0.isNeeded && $0.state == .missing }) {
            throw ExitCode(ExitStatus.lacking.rawValue)
        }
    }

    private struct Report: Encodable {
        var schema = "packetwalk.doctor/1"
        var version: String
        var checks: [Check]
    }
}
