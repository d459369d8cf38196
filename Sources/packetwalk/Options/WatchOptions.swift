internal import Runs
public import ArgumentParser
internal import Diagnosis
public import Probes
internal import Query
public import Views
internal import WalkModel
public import Wire

/// What to watch, with what, and for how long; the same in every command that has them.
struct WatchOptions: ParsableArguments {
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "Capture only in this namespace (repeatable): an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"), completion: Completion.namespaces)
    var namespaces: [String] = []

    @Option(help: ProbePlan.Hooks.help)
    var hooks: ProbePlan.Hooks = .auto

    @Option(help: ProbePlan.Links.help)
    var links: ProbePlan.Links = .auto

    @Option(
        help: ArgumentHelp(
            "Rule tracing: packets per second in each namespace, all or none.",
            valueName: "number, all or none"), completion: .list(["all", "none", "100"]))
    var rules: RuleChoice = .standard

    @Option(help: ProbePlan.Drops.help)
    var drops: ProbePlan.Drops = .auto

    @Option(
        help: ArgumentHelp(
            "Look at one packet of so many, the same one at every place, as in 1/1000 (see docs/cost.md).",
            valueName: "1/n"))
    var sample: SampleShare = .all

    @Option(
        help: ArgumentHelp(
            "Beyond this many sightings a second (each packet counts wherever it is seen) look at fewer packets: a number or none.",
            valueName: "sightings"))
    var maxRate: RateChoice = .standard

    @Option(
        help: ArgumentHelp(
            "MiB of memory for packets that wait, in the kernel and here; beyond half of it look at fewer packets (64 to 65536).",
            valueName: "MiB"))
    var maxMemory = WatchSettings.standardMemory

    @Option(
        help: ArgumentHelp(
            "Stop after exactly this many packets; a reply counts with the packet that it answers.",
            valueName: "packets"))
    var count: Int?

    @Option(help: ArgumentHelp("Stop after this many seconds.", valueName: "seconds"))
    var duration: Double?

    func settings(_ selection: SelectionOptions?) throws -> WatchSettings {
        WatchSettings(
            namespaces: namespaces, hooks: hooks, links: links, rules: rules.tracing, drops: drops, share: sample,
            rateLimit: maxRate.perSecond, memory: maxMemory, count: count, duration: duration,
            show: try selection?.settings() ?? ShowSettings())
    }

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count)") }
        if !(64...65_536).contains(maxMemory) {
            throw ValidationError("--max-memory must be 64 to 65536, not \(maxMemory)")
        }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("--duration must be a number of seconds above 0, not \(duration)")
        }
    }
}

extension ProbePlan.Hooks: ExpressibleByArgument {
    static let help: ArgumentHelp =
        "Netfilter capture backend: BPF programs, a table of its own in nftables, rules in iptables, or none."
}

extension ProbePlan.Links: ExpressibleByArgument {
    static let help: ArgumentHelp = "Link capture backend: BPF programs, or packet sockets by libpcap."
}

extension ProbePlan.Drops: ExpressibleByArgument {
    static let help: ArgumentHelp =
        "Source of drop reasons: a BPF program, tracefs (reasons without the packet), or counters only."
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

/// `--sample`: `1/1000`.
extension SampleShare: ExpressibleByArgument {
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "1", let oneOf = UInt32(parts[1]), (1...Self.limit).contains(oneOf) else {
            return nil
        }
        self.init(oneOf: oneOf)
    }

    public var defaultValueDescription: String { "1/\(oneOf)" }
}

/// `--max-rate`: a number or `none`.
struct RateChoice: ExpressibleByArgument {
    /// Nil for any number.
    var perSecond: Int?

    static let standard = RateChoice(perSecond: ProbePlan.standardRateLimit)

    init(perSecond: Int?) { self.perSecond = perSecond }

    init?(argument: String) {
        if argument != "none" {
            guard let number = Int(argument), (1...1_000_000_000).contains(number) else { return nil }
            perSecond = number
        }
    }

    var defaultValueDescription: String { perSecond.map(String.init) ?? "none" }
}

/// `WatchOptions` as a value, for runs that no command line describes.
struct WatchSettings {
    var namespaces: [String] = []
    var hooks: ProbePlan.Hooks = .auto
    var links: ProbePlan.Links = .auto
    var rules = RuleTracing.standard
    var drops: ProbePlan.Drops = .auto
    var share = SampleShare.all
    var rateLimit: Int? = ProbePlan.standardRateLimit
    /// MiB, half of it for the kernel's buffers and half for what was read of them.
    var memory = standardMemory
    var count: Int?
    var duration: Double?
    var show = ShowSettings()

    static let standardMemory = 512
}

/// Which walks are shown; the same for live runs and recordings.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Take only walks that match this condition, each with the packet that it answers, as in 'outcome == \"dropped\" and passes(\"mybridge\")' (see docs/where.md).",
            valueName: "condition"))
    var condition: String?

    @Flag(help: "Show only what failed.")
    var failed = false

    @Flag(
        help:
            "Print one summary instead of each connection: what is broken, for whom, and the fix; then flows, places, latencies."
    )
    var summary = false

    @Flag(help: "Show each packet instead of each connection; in JSON: leave the lines of connections out.")
    var packets = false

    @Option(
        help: ArgumentHelp(
            "How times are written: clock (local time of day), utc, unix, relative (since the first packet) or none.",
            valueName: "style"))
    var time: TimeStyle?

    /// Those that were given, by name, without `--packets`.
    var given: [String] {
        let all: [(name: String, isGiven: Bool)] = [
            ("--where", condition != nil), ("--failed", failed), ("--summary", summary), ("--time", time != nil),
        ]
        return all.filter(\.isGiven).map(\.name)
    }

    func settings() throws -> ShowSettings {
        ShowSettings(filter: try filter(), summarises: summary, packets: packets, failedOnly: failed, time: time)
    }

    func filter() throws -> WalkFilter? {
        guard let condition else { return nil }
        do {
            return try WalkFilter(condition, findingCodes: FindingCode.known.map(\.rawValue))
        } catch {
            throw RunError(.usage, "cannot read the condition of --where \(error)")
        }
    }
}

extension TimeStyle: ExpressibleByArgument {}
