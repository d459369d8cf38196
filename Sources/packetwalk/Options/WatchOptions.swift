public import ArgumentParser
public import Probes
internal import Query

/// What to watch, with what, and for how long; the same in every command that has them.
struct WatchOptions: ParsableArguments {
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "Watch only this namespace (repeatable): an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"))
    var namespaces: [String] = []

    @Option(help: ProbePlan.Hooks.help)
    var hooks: ProbePlan.Hooks = .auto

    @Option(
        help: ArgumentHelp(
            "Show which rules packets met: of at most so many packets a second in each namespace, of all, or of none.",
            valueName: "number, all or none"))
    var rules: RuleChoice = .standard

    @Option(help: ProbePlan.Drops.help)
    var drops: ProbePlan.Drops = .auto

    @Option(help: ArgumentHelp("End after this many walks.", valueName: "walks"))
    var count: Int?

    @Option(help: ArgumentHelp("End after this many seconds.", valueName: "seconds"))
    var duration: Double?

    func settings(_ selection: SelectionOptions?) throws -> WatchSettings {
        WatchSettings(
            namespaces: namespaces, hooks: hooks, rules: rules.tracing, drops: drops, count: count,
            duration: duration, filter: try selection?.filter(), summarises: selection?.summary ?? false)
    }

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count)") }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("--duration must be a number of seconds above 0, not \(duration)")
        }
    }
}

extension ProbePlan.Hooks: ExpressibleByArgument {
    static let help: ArgumentHelp =
        "How packets are seen inside netfilter: by an nftables table of our own, by iptables rules, or not."
}

extension ProbePlan.Drops: ExpressibleByArgument {
    static let help: ArgumentHelp =
        "Who says why the kernel dropped a packet: a BPF program, tracefs (without saying which packet), or counters."
}

/// `--rules`, as the parser reads it.
struct RuleChoice: ExpressibleByArgument {
    var tracing: RuleTracing

    static let standard = RuleChoice(tracing: .standard)

    init(tracing: RuleTracing) { self.tracing = tracing }

    init?(argument: String) {
        switch argument {
        case "all": tracing = .all
        case "none", "0": tracing = .none
        default:
            guard let perSecond = Int(argument), (1...1_000_000).contains(perSecond) else { return nil }
            tracing = .limited(perSecond: perSecond)
        }
    }

    var defaultValueDescription: String {
        if case .limited(let perSecond) = tracing { return "\(perSecond)" }
        return tracing == .all ? "all" : "none"
    }
}

/// `WatchOptions` as a value, for runs that no command line describes.
struct WatchSettings {
    var namespaces: [String] = []
    var hooks: ProbePlan.Hooks = .auto
    var rules = RuleTracing.standard
    var drops: ProbePlan.Drops = .auto
    var count: Int?
    var duration: Double?
    var filter: WalkFilter?
    var summarises = false
}

/// Which walks are shown; the same for live runs and recordings.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Show only walks for which this holds, as in 'outcome == \"dropped\" and passes(\"mybridge\")'; see where.md among the documents.",
            valueName: "condition"))
    var condition: String?

    @Flag(help: "Show sums instead of walks: outcomes by flow, finding and place, latencies, rules that dropped.")
    var summary = false

    func filter() throws -> WalkFilter? {
        guard let condition else { return nil }
        do {
            return try WalkFilter(condition)
        } catch {
            throw Failure(.usage, "cannot read the condition of --where \(error)")
        }
    }
}
