internal import Network
internal import Observations

/// Numbers for the runs that are read together, and whose they are.
final class RunRegistry {
    private var numbers: [String: RunID] = [:]
    /// By number; nil for captures that others made.
    private(set) var hosts: [HostID?] = []

    static let limit = 1024

    /// The run that a recording's section belongs to; nil where a hostile file has used them up.
    func number(_ header: RecordingHeader) -> RunID? {
        if let known = numbers[header.run] { return known }
        guard hosts.count < Self.limit else { return nil }
        // Before recordings named their host, nobody could say whether two runs were of one: each counts as its own.
        let number = add(header.host ?? HostID(name: "", id: header.run))
        numbers[header.run] = number
        return number
    }

    /// A run of which nothing says whose it is.
    func addUnknown() -> RunID { add(nil) }

    private func add(_ host: HostID?) -> RunID {
        hosts.append(host)
        return RunID(rawValue: UInt32(hosts.count - 1))
    }

    /// Takes the name from the run's own network, where its header has none.
    func learn(_ topology: Topology, of run: RunID) {
        let number = Int(run.rawValue)
        if hosts.indices.contains(number), hosts[number]?.name.isEmpty == true { hosts[number]?.name = topology.host }
    }
}
