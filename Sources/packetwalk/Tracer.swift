internal import Discovery
internal import Network
internal import Probes
internal import Recording
internal import Runs

/// Traces real packets: finds the network, arms the probes, prints the walks.
struct Tracer {
    var filter: String
    var watch: WatchSettings
    /// Nil to print nothing.
    var output: OutputOptions?
    var recorder: RecordingWriter?

    /// Runs until `activity` has ended.
    func run<Work: Activity>(_ activity: Work) throws -> (activity: Work, noneStopped: Bool) {
        let topology = try Topology.discover()
        let names = try watch.namespaces.map { try resolveNamespace($0, in: topology).name }
        let plan = ProbePlan(
            namespaces: names, filter: filter.isEmpty ? nil : filter, hooks: watch.hooks,
            links: watch.links, rules: watch.rules, drops: watch.drops)
        let run = try LiveRun(
            topology: topology, plan: plan, activity: activity, recorder: recorder,
            options: LiveRunOptions(durationSeconds: watch.duration, explains: output != nil),
            interruption: Signals())
        defer { run.close() }
        var printer = output.map {
            WalkPrinter(
                output: $0, countsHousekeeping: !filter.isEmpty, filter: watch.filter, summarises: watch.summarises)
        }
        var recorded = 0
        var unshown = 0
        for warning in run.newWarnings() { complain(warning) }
        while let groups = try run.next() {
            for warning in run.newWarnings() { complain(warning) }
            for group in groups {
                for exchange in group.exchanges {
                    if run.isWritingOver {
                        unshown += 1
                    } else if printer == nil {
                        recorded += exchange.walkCount
                    } else {
                        try printer?.take(exchange, in: group.topology)
                    }
                }
            }
            if let count = watch.count, printer?.walkCount ?? recorded >= count { run.stop() }
            if outputIsUnread { throw BrokenPipe() }
        }
        complainOfMissing(unshown: unshown, isCutShort: run.isCutShort)
        try printer?.finish()
        if printer == nil { complain("\(recorded) walks recorded") }
        return (run.activity, printer?.noneStopped ?? true)
    }
}
