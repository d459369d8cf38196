internal import ArgumentParser

struct Packetwalk: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "packetwalk",
        abstract: "Shows the way of packets through a Linux host, and says where and why one stopped.",
        discussion: """
            Start with `packetwalk demo`: a ping from a namespace to the WAN, drawn, in a sandbox. \
            Then `packetwalk map` draws this machine's own network, and `packetwalk trace icmp` follows real packets.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(name: "Look", subcommands: [Demo.self, Map.self, Trace.self, Explain.self]),
            CommandGroup(name: "Keep", subcommands: [Record.self, Replay.self]),
            CommandGroup(name: "Learn", subcommands: [LabCommand.self]),
            CommandGroup(name: "Care", subcommands: [DoctorCommand.self, Cleanup.self]),
        ])
}
