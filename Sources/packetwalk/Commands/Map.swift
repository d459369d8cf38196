internal import Runs
internal import Discovery
internal import ArgumentParser
internal import Network
internal import Views

struct Map: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw this machine's network: namespaces, links, bridges, addresses, routes, NAT and egress.")

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Draw only this namespace (repeatable).", valueName: "namespace"),
        completion: Completion.namespaces)
    var namespaces: [String] = []

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func run() throws {
        var topology = try Topology.discover()
        for warning in topology.warnings where output.verbose { complain(warning) }
        if !namespaces.isEmpty {
            let chosen = try namespaces.map { try resolveNamespace($0, in: topology).name }
            topology.namespaces.removeAll { !chosen.contains($0.name) }
        }
        try printOut(MapRenderer(format: output.format, options: output.renderOptions).render(topology))
    }
}
