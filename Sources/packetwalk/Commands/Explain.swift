internal import ArgumentParser
internal import LinuxSystem
internal import Probes
internal import Topology
internal import Wire

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send one packet from a namespace, show its walk, and say why it failed and what mends it.",
        discussion: """
            An echo request unless --tcp or --udp names a port: \
            `packetwalk explain --from mynamespace 198.51.100.1`, \
            `packetwalk explain --from web --tcp 443 198.51.100.1`.
            """)

    @Option(
        help: ArgumentHelp(
            "Where to send from: an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"))
    var from: String

    @Argument(help: ArgumentHelp("The address to send to.", valueName: "dest"))
    var destination: String

    @Flag(help: "Send an ICMP echo request (the default).")
    var icmp = false

    @Option(help: ArgumentHelp("Open a TCP connection to this port.", valueName: "port"))
    var tcp: UInt16?

    @Option(help: ArgumentHelp("Send a UDP datagram to this port.", valueName: "port"))
    var udp: UInt16?

    @Option(help: ArgumentHelp("Send from this address.", valueName: "address"))
    var source: String?

    @Option(help: ArgumentHelp("Payload bytes of an echo or a datagram.", valueName: "bytes"))
    var size: Int?

    @Option(help: ArgumentHelp("TTL or hop limit.", valueName: "hops"))
    var ttl: UInt8?

    @Option(help: ArgumentHelp("The packet's mark, which policy routing can ask for.", valueName: "mark"))
    var mark: UInt32?

    @Flag(help: "Forbid fragmentation on the way (DF).")
    var dontFragment = false

    @Option(help: ArgumentHelp("How long to wait for an answer.", valueName: "seconds"))
    var wait: Double = 2

    @Option(help: "Which netfilter hooks to lay: auto, nftables, iptables or none.")
    var hooks: HookChoice = .auto

    @Option(help: "Who says why the kernel dropped packets: auto, bpf, tracefs or counters.")
    var drops: DropChoice = .auto

    @Option(help: ArgumentHelp("Keep the run in this file too, as record does.", valueName: "file"))
    var record: String?

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func validate() throws {
        if [icmp, tcp != nil, udp != nil].filter(\.self).count > 1 {
            throw ValidationError("say only one of --icmp, --tcp and --udp")
        }
        if let size, !(0...65_507).contains(size) {
            throw ValidationError("--size must be 0 to 65507 bytes, not \(size)")
        }
        if !(wait >= 0 && wait <= 3600) { throw ValidationError("--wait must be 0 to 3600 seconds, not \(wait)") }
    }

    func run() throws {
        var explainer = try explainer(output: output)
        explainer.recorder = try record.map { try openRecorder($0) }
        let allArrived = try explainer.run()
        throw ExitCode(allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
    }

    func explainer(output: OutputOptions) throws -> Explainer {
        Explainer(
            from: from, request: try request(), waitSeconds: wait, hooks: hooks, drops: drops, output: output)
    }

    /// The packet that the options ask for.
    private func request() throws -> PacketRequest {
        let kind: PacketRequest.Kind = tcp.map { .tcp($0) } ?? udp.map { .udp($0) } ?? .echo
        let from = try source.map { try address($0, of: "--source") }
        let destination = try address(destination, of: "the destination")
        if let from, from.family != destination.family {
            throw Failure(.usage, "cannot send from \(from) to \(destination): one is IPv4, the other IPv6")
        }
        return PacketRequest(
            kind: kind, destination: destination, source: from, payloadLength: size, ttl: ttl,
            dontFragment: dontFragment, mark: mark)
    }

    private func address(_ text: String, of what: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw Failure(.usage, "cannot read \(what) \(text): give an IPv4 or IPv6 address; names are not looked up")
        }
        return address
    }
}
