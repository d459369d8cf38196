internal import ArgumentParser

struct Packetwalk: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "packetwalk",
        abstract: "Traces packets through a Linux host and explains why one was dropped.",
        discussion: """
            Start with `packetwalk demo`: a ping from a namespace to the WAN, traced in a sandbox. \
            Then `packetwalk map` draws this machine's own network, `packetwalk trace icmp` traces real packets, and \
            `packetwalk explain --from web 198.51.100.1` sends one and explains what happens to it.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(name: "Trace", subcommands: [Demo.self, Map.self, Trace.self, Explain.self]),
            CommandGroup(
                name: "Predict",
                subcommands: [
                    SnapshotCommand.self, Predict.self, CheckCommand.self, CompareCommand.self, TwinCommand.self,
                ]),
            CommandGroup(name: "Record", subcommands: [Record.self, Replay.self, Export.self]),
            CommandGroup(name: "Labs", subcommands: [LabCommand.self]),
            CommandGroup(name: "Maintenance", subcommands: [DoctorCommand.self, Cleanup.self]),
        ])
}
