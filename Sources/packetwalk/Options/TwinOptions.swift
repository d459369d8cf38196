internal import ArgumentParser
internal import Experiment
internal import LinuxSystem
internal import Runs
internal import Snapshot

/// The network that a twin is made of, and what is changed in it first.
struct TwinOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rebuild the network of this snapshot (packetwalk snapshot -o FILE) instead of this machine's.",
            valueName: "file"), completion: .file(extensions: ["json"]))
    var snapshot: String?

    @Option(
        name: .customLong("apply"), parsing: .singleValue,
        help: ArgumentHelp(
            "First run this file in the twin's host: a shell script (as sh -e does), rules for nft -f, or those of "
                + "iptables-save. Nothing is changed for real. Can be repeated.", valueName: "file"),
        completion: .file())
    var scripts: [String] = []

    /// What is to be made in the twin first. Throws `RunError` for a file that can't be read.
    func changes() throws -> [TrialChange] {
        try scripts.map { path in
            do {
                return TrialChange(file: String(decoding: try readFile(path), as: UTF8.self), name: path)
            } catch {
                throw RunError(.badInput, "cannot apply \(path): \(error)")
            }
        }
    }
}

extension RunError {
    init(_ error: TrialError) {
        let kind: Kind =
            switch error.kind {
            case .lacking, .script, .late, .broken: .lacking
            case .change: .badInput
            case .packet: .usage
            }
        self.init(kind, error.description)
    }
}

func reportingTrialErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as TrialError {
        throw RunError(error)
    }
}
