internal import Discovery
internal import ArgumentParser
internal import Probes
internal import Network

struct Cleanup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove hooks and trace instances that a crashed run left in the kernel.",
        discussion: """
            Finds the rules, tables and trace instances of runs that have ended, in every namespace, and removes only \
            those.
            """)

    func run() throws {
        let removed = try HookJanitor.removeLeftovers(topology: try Topology.discover())
        for line in removed { try printOut("removed \(line)\n") }
        if removed.isEmpty { try printOut("nothing to remove\n") }
    }
}
