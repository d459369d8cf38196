import ArgumentParser

@main
struct Packetwalk: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "packetwalk", abstract: "Shows the way of packets through a Linux host.")
}
