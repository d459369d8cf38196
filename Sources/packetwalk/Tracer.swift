internal import Discovery
internal import Network
internal import Probes
internal import Recording
internal import Runs
internal import Views
internal import Wire

/// Traces real packets: finds the network, arms the probes, prints the walks.
struct Tracer {
    var filter: String
    var watch: WatchSettings
    /// Nil to print nothing.
    var output: OutputOptions?
    var recorder: RecordingWriter?
    /// Whether it says on standard error what it watches, and at the end how much there was.
    var announces = false
    /// Seconds of work that may wait; nil for any.
    var backlogLimit: Double?
    /// Whether what is watched is to cost as little as can be: see `ProbePlan`. Else there are whole packets, and all hooks.
    var isSparing = false

    /// Arms the probes. Gives the names of the namespaces that are watched, none for all.
    func start<Work: Activity>(
        _ activity: Work, interruption: any Interruption = Signals()
    ) throws -> (run: LiveRun<Work>, topology: Topology, names: [String]) {
        let topology = try Topology.discover()
        let names = try watch.namespaces.map { try resolveNamespace($0, in: topology).name }
        var plan = ProbePlan(
            namespaces: names, filter: filter.isEmpty ? nil : filter, hooks: watch.hooks,
            links: watch.links, rules: watch.rules, drops: watch.drops, share: watch.share,
            rateLimit: watch.rateLimit, bufferBudget: watch.memory << 19, queueBudget: watch.memory << 19)
        plan.backlogLimit = backlogLimit
        plan.prefersPrograms = isSparing
        plan.leavesOutIdleHooks = isSparing
        let run = try LiveRun(
            topology: topology, plan: plan, activity: activity, recorder: recorder,
            options: LiveRunOptions(durationSeconds: watch.duration, explains: output != nil),
            interruption: interruption)
        return (run, topology, names)
    }

    /// Runs until `activity` has ended.
    func run<Work: Activity>(_ activity: Work) throws -> (activity: Work, noneStopped: Bool) {
        let (run, topology, names) = try start(activity)
        defer { run.close() }
        var printer = output.map {
            WalkPrinter(output: $0, countsHousekeeping: !filter.isEmpty, show: watch.show)
        }
        var recorded = 0
        var unshown = 0
        for warning in run.newWarnings() { complain(warning) }
        var announces = announces
        while let groups = try run.next() {
            // The activity has begun: what is sent from now on is seen.
            if announces {
                let end = activity is Watching ? "; Ctrl-C ends" : ""
                let sample = watch.share.isAll ? "" : "; \(watch.share.sentence)"
                complain("watching \(Self.watched(topology, names))\(sample)\(end)")
                announces = false
            }
            for warning in run.newWarnings() { complain(warning) }
            printer?.reached = run.watermark
            for group in groups {
                for exchange in group.exchanges {
                    if let count = watch.count, let printer, printer.exchangeCount >= count { break }
                    if run.isWritingOver {
                        unshown += 1
                    } else if printer == nil {
                        recorded += exchange.walkCount
                    } else {
                        try printer?.take(exchange, in: group.topology)
                    }
                }
            }
            if !run.isWritingOver { try printer?.advance(toNanoseconds: run.exchangeTime) }
            if let count = watch.count, printer?.exchangeCount ?? recorded >= count { run.stop() }
            if outputIsUnread { throw BrokenPipe() }
        }
        complainOfMissing(unshown: unshown, isCutShort: run.isCutShort)
        try printer?.finish()
        if printer == nil {
            complain("\(recorded) walks recorded" + (watch.share.isAll ? "" : ", \(watch.share.sentence)"))
        }
        if self.announces, let totals = printer?.totals { complain(totals) }
        return (run.activity, printer?.noneStopped ?? true)
    }

    /// `22 namespaces, 64 links`
    static func watched(_ topology: Topology, _ names: [String]) -> String {
        let namespaces = topology.namespaces.filter { names.isEmpty || names.contains($0.name) }
        let links = namespaces.reduce(0) { $0 + $1.links.count }
        return "\(Quantity.text(namespaces.count, "namespace")), \(Quantity.text(links, "link"))"
    }
}
