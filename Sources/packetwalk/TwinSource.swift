internal import Discovery
internal import LinuxSystem
internal import Network
internal import Runs
internal import Snapshot

/// The network that a twin is made of.
struct TwinSource {
    var snapshot: HostSnapshot
    /// This machine's, where it is the one that is rebuilt.
    var topology: Topology?

    /// - Parameter file: of a snapshot; nil for this machine. Throws `RunError`.
    init(_ file: String?) throws {
        if let file {
            do {
                snapshot = try HostSnapshot(document: readFile(file))
            } catch {
                throw RunError(.badInput, "cannot read the snapshot \(file): \(error)")
            }
        } else {
            let topology = try Topology.discover()
            self.topology = topology
            snapshot = try HostSnapshot.read(topology)
        }
    }

    /// The snapshot's name of the namespace that `text` names. Throws `RunError` with the names that there are.
    func namespace(_ text: String) throws -> String {
        if let topology { return try resolveNamespace(text, in: topology).name }
        if snapshot[namespace: text] != nil { return text }
        if text.hasPrefix("netns:"), let inode = UInt64(text.dropFirst(6)),
            let found = snapshot.namespaces.first(where: { $0.inode == inode })
        {
            return found.name
        }
        let names = snapshot.namespaces.map(\.name)
        let near = names.nearest(to: text).map { ": did you mean \($0)?" }
        let choice = near ?? "; there is: \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", …" : "")"
        throw RunError(.usage, "no namespace \"\(text)\" in the snapshot\(choice)")
    }
}
