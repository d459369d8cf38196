internal import Discovery
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes
internal import Runs
internal import Snapshot

/// The network that a twin is made of.
struct TwinSource {
    var snapshot: HostSnapshot
    /// This machine's, where it is the one that is rebuilt.
    var topology: Topology?
    /// Nil where all of it was read.
    var network: SlicedNetwork?
    var slice: NetworkSlice? { network?.slice }

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

    /// This machine, as far as a packet from a namespace can meet it. Throws `RunError`.
    init(of request: PacketRequest, from: String) throws {
        let network = try Topology.discover(slicing: { outline in
            var question = request.question(from: try resolveNamespace(from, in: outline).name)
            // The one that commands are typed in is always there.
            question.from.append(try resolveNamespace("pid:\(getpid())", in: outline).name)
            return question
        })
        topology = network.topology
        self.network = network
        snapshot = try HostSnapshot.read(network.topology, only: network.slice.namespaces)
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
