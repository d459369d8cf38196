internal import Runs
internal import Discovery
internal import Probes
internal import Recording
internal import Network
internal import Views

/// `trace`, whoever asks for it: finds the network, arms the probes, prints the walks.
struct Tracer {
    var filter: String
    var watch: WatchSettings
    /// Nil to print nothing.
    var output: OutputOptions?
    var recorder: RecordingWriter?

    /// Runs to the end of `activity`. Gives whether every walk arrived.
    func run(_ activity: inout some Activity) throws -> Bool {
        // A wrong filter is told before anything is looked at.
        let expression = filter.isEmpty ? nil : filter
        let topology = try Topology.discover()
        let names = try watch.namespaces.map { try resolveNamespace($0, in: topology).name }
        let plan = ProbePlan(
            namespaces: names, filter: expression, hooks: watch.hooks.probeHooks, rules: watch.rules,
            drops: watch.drops.probeDrops)
        let session = Session(
            plan: plan, count: watch.count, duration: watch.duration, recorder: recorder, explains: output != nil)
        do {
            guard let output else {
                var counter = WalkCounter()
                try session.run(&activity, topology: topology, into: &counter)
                complain("\(counter.walkCount) walks recorded")
                return true
            }
            var printer = WalkPrinter(
                output: output, hidesHousekeeping: filter.isEmpty, filter: watch.filter,
                summarises: watch.summarises)
            try session.run(&activity, topology: topology, into: &printer)
            try printer.finish()
            return printer.allArrived
        } catch let error as ProbeError {
            throw error.failure
        } catch let error as RecordingError {
            throw Failure(.cannotWrite, "cannot write the recording \(error)")
        }
    }
}

extension HookChoice {
    var probeHooks: ProbePlan.Hooks {
        switch self {
        case .auto: .auto
        case .nftables: .nftables
        case .iptables: .iptables
        case .none: .none
        }
    }
}

extension DropChoice {
    var probeDrops: ProbePlan.Drops {
        switch self {
        case .auto: .auto
        case .bpf: .bpf
        case .tracefs: .tracefs
        case .counters: .counters
        }
    }
}
