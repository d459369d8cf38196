internal import Runs
internal import Discovery
internal import ArgumentParser
internal import LinuxSystem
internal import Network
internal import Snapshot

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write all that decides where packets go on this machine as JSON.",
        discussion: """
            The file holds links, addresses, routes, rules, neighbours, sysctls, the rules of nftables and iptables, \
            ipsets, tracked connections and listening sockets, each in the form in which its own tool reads it back. \
            Keys are left out. Nothing on the machine is changed.
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Read only this namespace (repeatable).", valueName: "namespace"),
        completion: Completion.namespaces)
    var namespaces: [String] = []

    @Flag(help: "Replace addresses, preserving prefixes, and names of namespaces; leave comments out.")
    var anonymize = false

    @OptionGroup
    var pager: PagerOptions

    func run() throws {
        let topology = try Topology.discover()
        let chosen = try namespaces.map { try resolveNamespace($0, in: topology).name }
        var snapshot = try HostSnapshot.read(topology, only: chosen)
        for warning in snapshot.warnings { complain(warning) }
        if anonymize { snapshot = snapshot.anonymized() }
        guard let file, file != "-" else {
            pager.begin()
            return try printOut(snapshot.document())
        }
        do {
            try writeWhole(Array(snapshot.document().utf8), to: file)
        } catch let error as SystemError {
            throw RunError(.cannotWrite, "cannot write the snapshot to \(file): \(error.reason)")
        }
    }
}
