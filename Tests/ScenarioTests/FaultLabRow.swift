import Wire
import Glibc
import LinuxSystem
import Network
import Twin
import WalkModel

/// What came of one lab that fails: its line of `docs/labs.md`, and what was not as it must be.
struct FaultLabRow: Sendable {
    let lab: Lab
    private(set) var found = true
    private(set) var place = true
    /// Nil where the last finding names no commands: no command can fix it.
    private(set) var isFixed: Bool?
    /// `trace` of the lab's own sender gave the same first finding.
    private(set) var traced = false
    private(set) var problems: [String] = []

    /// Explains the lab's packet, applies the fixes that are found until it arrives, and traces the lab's own sender.
    init(examining lab: Lab) throws {
        self.lab = lab
        guard lab.probe.explain != nil else {
            let (run, replayed) = try LabRun.recorded(["lab", "run", lab.name, "--trace", "--format", "json"])
            trace(run)
            compare(run, with: replayed)
            (found, place) = (traced, traced)
            return
        }
        let (run, replayed) = try LabRun.recorded(["lab", "run", lab.name, "--fix", "--format", "json"])
        explain(run)
        compare(run, with: replayed)
        trace(try LabRun.packetwalk(["lab", "run", lab.name, "--trace", "--format", "json"]))
    }

    private mutating func explain(_ run: LabRun) {
        let faults = [lab.expected] + lab.then
        let explained = run.causes
        for (index, fault) in faults.enumerated() {
            let walk = index < explained.count ? explained[index] : nil
            let finding = walk?.findings.first
            let isFound = finding?.code.rawValue == fault.code
            let isPlace = isFound && finding.map { fault.isMet(by: $0) } == true
            found = found && isFound
            place = place && isPlace
            if !isPlace {
                problems.append("\(words(finding)), not \(fault.code ?? ""); \(run.standardError.prefix(300))")
            }
            if walk?.outcome.rawValue != fault.outcome {
                problems.append("outcome \(walk?.outcome.rawValue ?? "none"), not \(fault.outcome)")
            }
        }
        let more = explained.dropFirst(faults.count).compactMap(\.findings.first).filter { $0.severity == .error }
        problems += more.map { "one finding too many: \(words($0))" }
        let last = faults.count <= explained.count ? explained[faults.count - 1].findings.first : nil
        if let remedy = last?.remedy, !remedy.commands.isEmpty { isFixed = remedy.verified }
        if isFixed != (faults.last?.remedy == false ? nil : true) {
            problems.append(
                "the remedy \(last?.remedy?.commands ?? []) does not do; \(run.standardError.prefix(300))")
        }
    }

    /// The recording holds the run before the fix: it gives each of that run's walks as it was printed, but for what
    /// the fix showed.
    private mutating func compare(_ run: LabRun, with replayed: LabRun) {
        var seen = 0
        for walk in run.walks {
            guard
                let again = replayed.walks.first(where: {
                    $0.id == walk.id && $0.startNanoseconds == walk.startNanoseconds
                })
            else {
                continue
            }
            var expected = walk
            for index in expected.findings.indices { expected.findings[index].remedy?.verified = false }
            if again != expected { problems.append("a replayed walk differs") }
            seen += 1
        }
        if seen == 0, !run.walks.isEmpty { problems.append("nothing of the run is in its recording") }
    }

    private mutating func trace(_ run: LabRun) {
        // Of the sender's own packets: the kernels of a lab send some too.
        let destination = lab.probe.explain?.first
        let first = run.walks.filter {
            !$0.findings.isEmpty && (destination == nil || $0.destination.description == destination)
        }.min { $0.startNanoseconds < $1.startNanoseconds }
        let finding = first?.findings.first
        traced = finding.map { $0.code.rawValue == lab.expected.code && lab.expected.isMet(by: $0) } == true
        if !traced { problems.append("traced: \(words(finding))") }
        if destination == nil, first?.outcome.rawValue != lab.expected.outcome {
            problems.append("outcome \(first?.outcome.rawValue ?? "none"), not \(lab.expected.outcome)")
        }
    }

    private func words(_ finding: Finding?) -> String {
        guard let finding else { return "no finding" }
        return "\(finding.code) at \(finding.where), \(finding.rule?.text ?? "no rule"): \(finding.message)"
    }

    private var line: String {
        let causes = ([lab.expected] + lab.then).compactMap(\.code).joined(separator: ", then ")
        let remedy = isFixed.map { $0 ? "yes" : "no" } ?? "none named"
        func word(_ truth: Bool) -> String { truth ? "yes" : "no" }
        return "| \(lab.name) | \(causes) | \(word(found)) | \(word(place)) | \(remedy) | \(word(traced)) |"
    }

    /// Writes `docs/labs.md`, beside the labs that were run; rows of other labs that are there stay as they stand.
    static func write(_ rows: [FaultLabRow]) throws {
        var text = """
            # Labs of networks that fail

            Written by the test run (`PACKETWALK_WRITE_TABLES=1 swift test --filter FaultLabTests`). For each lab: whether
            the first finding is the expected cause; whether it points at the right namespace, hook, device and rule;
            whether the same packet arrives once the commands that it names have been run; and whether `trace` gives the
            same first finding while the lab's own sender (`ping`, `nc`, `wget`) sends. Where a network has more than one
            fault, each must be found in its turn, once the one before it is fixed.

            | lab | cause | found | place | remedy works | traced |
            | --- | --- | --- | --- | --- | --- |

            """
        let path = "\(try LabLibrary.find().directory ?? "fixtures/labs")/../../docs/labs.md"
        var lines: [String: String] = [:]
        let present = Set((try LabLibrary.find().labs()).map(\.name))
        for line in String(decoding: (try? readFile(path)) ?? [], as: UTF8.self).split(separator: "\n") {
            let name = line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            if line.hasPrefix("| "), present.contains(name) { lines[name] = String(line) }
        }
        for row in rows { lines[row.lab.name] = row.line }
        for line in lines.sorted(by: { $0.key < $1.key }).map(\.value) { text += line + "\n" }
        guard let file = fopen(path, "w") else { throw SystemError("open \(path)", errorNumber: errno) }
        defer { fclose(file) }
        if fputs(text, file) < 0 { throw SystemError("write \(path)", errorNumber: errno) }
    }
}
