internal import Runs
internal import ArgumentParser
internal import LinuxSystem
internal import Probes
internal import Network

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send one packet from a namespace, trace it, and explain why it failed and how to fix it.",
        discussion: """
            Sends an echo request unless --tcp or --udp names a port: \
            `packetwalk explain --from mynamespace 198.51.100.1`, \
            `packetwalk explain --from web --tcp 443 198.51.100.1`.
            """)

    @Argument(
        help: ArgumentHelp(
            "Where to send to: an address, host:port, a URL; a name of a container, a service, a pod or DNS.",
            valueName: "dest"))
    var destination: String

    @OptionGroup(title: "Packet")
    var packet: PacketOptions

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "Capture only in this namespace (repeatable), instead of in all that the packet can meet: an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"), completion: Completion.namespaces)
    var namespaces: [String] = []

    /// To compare: reads and watches all of the machine.
    @Flag(help: .hidden)
    var whole = false

    @Option(help: ProbePlan.Hooks.help)
    var hooks: ProbePlan.Hooks = .auto

    @Option(help: ProbePlan.Links.help)
    var links: ProbePlan.Links = .auto

    @Option(
        help: ArgumentHelp(
            "Whether the packet is traced through the rules that it meets: all, or none.", valueName: "all or none"),
        completion: .list(["all", "none"]))
    var rules = RuleChoice(tracing: .all)

    @Option(help: ProbePlan.Drops.help)
    var drops: ProbePlan.Drops = .auto

    @Option(help: ArgumentHelp("Also record the run to this file.", valueName: "file"), completion: .file())
    var record: String?

    @Flag(
        help:
            "Also send the packet in a rebuilt network, and say where the prediction and what was observed differ.")
    var compare = false

    @Option(
        help: ArgumentHelp(
            "Whether a packet that failed is sent again in a rebuilt network, to try its fix and to look for a cause that no finding has: auto, or none.",
            valueName: "auto or none"))
    var twin = TwinChoice.auto

    @Flag(help: "With --tcp: show each packet, not the connection; in JSON: leave its line out.")
    var packets = false

    @Flag(help: "Also say what is behind the cause: the idea, in the words of packetwalk help CODE.")
    var why = false

    @OptionGroup
    var experiment: ExperimentOptions

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func run() throws {
        var explainer = try explainer()
        explainer.recorder = try record.map { try openRecorder($0) }
        if compare { return try ComparedRun(explainer: explainer, output: output).run() }
        if twin != .none {
            var run = ExperimentRun(
                explainer: explainer, output: output, usesFindings: !experiment.causeByExperimentAlone)
            run.packets = packets
            run.why = why
            throw ExitCode((try run.run() ? ExitStatus.success : .notArrived).rawValue)
        }
        throw ExitCode(
            (try explainer.print(output, packets: packets, why: why) ? ExitStatus.success : .notArrived).rawValue)
    }

    func explainer() throws -> Explainer {
        var explainer = Explainer(
            from: packet.from, request: try packet.request(to: destination), waitSeconds: packet.wait, hooks: hooks,
            links: links, drops: drops, interruption: Signals())
        explainer.tracesRules = rules.tracing != .none
        explainer.namespaces = namespaces
        explainer.takesAll = whole
        return explainer
    }
}
