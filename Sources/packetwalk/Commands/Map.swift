internal import Runs
internal import Discovery
internal import ArgumentParser
internal import Network
internal import Views
internal import Wire

struct Map: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw this machine's network: namespaces, links, bridges, addresses, routes, NAT and egress.")

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Draw only this namespace (repeatable).", valueName: "namespace"),
        completion: Completion.namespaces)
    var namespaces: [String] = []

    @Option(
        help: ArgumentHelp("Draw only the path of a packet from this namespace; with --to.", valueName: "namespace"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Where that packet goes: an address, a name, a container, a namespace, for TCP with a port.",
            valueName: "destination"))
    var to: String?

    @Flag(help: "List the sockets that take packets, and the rules that publish them.")
    var ports = false

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Output")
    var pager: PagerOptions

    func validate() throws {
        if (from == nil) != (to == nil) {
            throw ValidationError("--from and --to belong together: give both, or --in for one namespace")
        }
        if from != nil, !namespaces.isEmpty {
            throw ValidationError("--in draws one namespace: leave --from and --to out")
        }
        if output.format == .otlp {
            throw ValidationError("a map has no spans: --format otlp is for trace, replay and explain")
        }
        if ports, output.format != .text {
            throw ValidationError("--ports is text alone; --format \(output.format.rawValue) has all of them")
        }
    }

    func run() throws {
        var topology: Topology
        if let from, let to {
            topology = try path(from: from, to: to)
        } else {
            topology = try Topology.discover()
        }
        for warning in topology.warnings where output.verbose { complain(warning) }
        if !namespaces.isEmpty {
            let chosen = try namespaces.map { try resolveNamespace($0, in: topology).name }
            topology.namespaces.removeAll { !chosen.contains($0.name) }
        }
        pager.begin()
        var renderer = MapRenderer(format: output.format, options: output.renderOptions)
        renderer.isPart = from != nil
        try printOut(ports ? renderer.renderPorts(topology) : renderer.render(topology))
    }

    /// The namespaces that a packet and its reply pass; where that can't be told, all that they can meet.
    private func path(from: String, to: String) throws -> Topology {
        let text = try DestinationText(to)
        let host = text.host
        let destination: IPAddress
        if let address = IPAddress(host) {
            destination = address
        } else {
            switch try NamedDestination(host, sequel: "The path to it:").target(from: from, source: nil) {
            case .address(let address), .resolver(let address): destination = address
            }
        }
        // As explain sends it: a ping, or the first packet of a connection where a port is given.
        var traffic = NetworkSlice.Traffic(ipProtocol: destination.isIPv4 ? .icmp : .icmpv6)
        if let port = text.port {
            traffic = NetworkSlice.Traffic(ipProtocol: text.isUDP == true ? .udp : .tcp, destinationPort: port)
        }
        var sender = from
        let network = try Topology.discover(slicing: { outline in
            sender = try resolveNamespace(from, in: outline).name
            return NetworkSlice.Question(from: [sender], to: destination, traffic: traffic)
        })
        var topology = network.topology
        let passed = network.path(from: sender, to: destination, traffic: traffic) ?? Set(network.slice.namespaces)
        topology.namespaces.removeAll { !passed.contains($0.name) }
        return topology
    }
}
