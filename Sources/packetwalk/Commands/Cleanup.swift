internal import Discovery
internal import ArgumentParser
internal import Probes
internal import Network

struct Cleanup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove what a crash left behind: hooks and trace instances.",
        discussion: """
            Finds rules, tables and trace instances of runs that are over, in every namespace, and removes only those.
            """)

    func run() throws {
        let removed = try HookJanitor.removeLeftovers(topology: try Topology.discover())
        for line in removed { try printOut("removed \(line)\n") }
        if removed.isEmpty { try printOut("nothing was left behind\n") }
    }
}
