internal import ArgumentParser

struct Packetwalk: ParsableCommand {
    static let version = "0.1.0"

    /// The parser reads every command's options before it parses one. So where the first word names a command, that one is all it
    /// is given: what it reads and prints for it is the same.
    static let configuration = CommandConfiguration(
        commandName: "packetwalk",
        abstract: "Traces packets through a Linux host and explains why one was dropped.",
        discussion: """
            Start with `packetwalk demo`: a ping from a namespace to the WAN, traced in a sandbox. \
            Then `packetwalk map` draws this machine's own network, `packetwalk trace icmp` traces real packets, and \
            `packetwalk explain --from web 198.51.100.1` sends one and explains what happens to it.
            """,
        version: version,
        subcommands: named.map { [$0] } ?? [],
        groupedSubcommands: named == nil ? groups : [])

    static let groups = [
        CommandGroup(name: "Trace", subcommands: [Demo.self, Map.self, Trace.self, Explain.self]),
        CommandGroup(
            name: "Predict",
            subcommands: [
                SnapshotCommand.self, Predict.self, CheckCommand.self, CompareCommand.self, TwinCommand.self,
            ]),
        CommandGroup(name: "Record", subcommands: [Record.self, Replay.self, Export.self]),
        CommandGroup(name: "Labs", subcommands: [LabCommand.self]),
        CommandGroup(name: "Maintenance", subcommands: [DoctorCommand.self, Cleanup.self]),
    ]

    /// The command that the first word names; nil where it names none.
    private static let named = groups.flatMap(\.subcommands).first { $0._commandName == Invocation.own.first }
}
