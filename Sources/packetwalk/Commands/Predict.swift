internal import ArgumentParser
internal import Experiment
internal import Network
internal import Probes
internal import Runs
internal import Snapshot
internal import Views

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what would happen to a packet, without sending it: it is sent in a rebuilt network.",
        discussion: """
            Rebuilds this machine's network, or that of a snapshot, in a sandbox, sends the packet there, and explains \
            it as explain does: `packetwalk predict --from web --tcp 443 198.51.100.1`. With --apply a change is \
            rehearsed before it is made: `packetwalk predict --from web --tcp 443 198.51.100.1 --apply rules.nft`.
            """)

    @Argument(help: ArgumentHelp("The IPv4 or IPv6 address to send to.", valueName: "dest"))
    var destination: String

    @OptionGroup(title: "Packet")
    var packet: PacketOptions

    @OptionGroup(title: "Twin")
    var twin: TwinOptions

    @Flag(help: "Let every rule accept: shows what would stop the packet after the first obstacle.")
    var permitAll = false

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func run() throws {
        let request = try packet.request(to: destination)
        let changes = try twin.changes()
        // A change may lead the packet elsewhere.
        let source =
            twin.snapshot == nil && changes.isEmpty
            ? try TwinSource(of: request, from: packet.from) : try TwinSource(twin.snapshot)
        let from = try source.namespace(packet.from)
        var snapshot = source.snapshot
        if permitAll { snapshot = snapshot.permittingAll() }
        let progress = Progress("rebuilding the network and sending the packet there")
        defer { progress.end() }
        let found = try reportingTrialErrors {
            var predictor = Predictor(snapshot, changes: changes)
            predictor.slice = source.slice
            return try predictor.predict(
                request, from: from,
                options: TrialOptions(
                    waitMilliseconds: packet.waitMilliseconds, looksFurther: true,
                    wantsTopology: source.topology == nil && output.format != .json))
        }
        progress.end()
        for warning in found.warnings { complain(warning) }
        var printer = WalkPrinter(output: output, countsHousekeeping: true)
        try printer.take([ExchangeGroup(topology: source.topology ?? found.topology, exchanges: found.exchanges)])
        if output.format == .text, !output.quiet, !found.remarks.isEmpty {
            try printRemarks(found.remarks, output.renderOptions)
        }
        try printer.finish()
        throw ExitCode((found.arrived ? ExitStatus.success : .notArrived).rawValue)
    }
}
