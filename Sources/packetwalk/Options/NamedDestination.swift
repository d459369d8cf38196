internal import Discovery
internal import Network
internal import Runs
internal import Wire

/// A destination by the name of its container or namespace.
struct NamedDestination {
    var name: String

    init(_ name: String) { self.name = name }

    /// An address of it that the sender can use: one of a network that both are on first, IPv4 before IPv6. Throws `RunError`.
    ///
    /// - Parameter source: the sender's address where one was asked for: the other one is of its family.
    func address(from sender: String, source: IPAddress?) throws -> IPAddress {
        let topology = try Topology.discover()
        let space: Namespace
        do {
            space = try resolveNamespace(name, in: topology)
        } catch {
            throw RunError(
                .usage,
                "cannot read the destination \(name): it is no address, and no container or namespace of this machine has that name"
            )
        }
        let own = try resolveNamespace(sender, in: topology).links.flatMap(\.addresses)
        let all = space.links.flatMap(\.addresses).map(\.address).filter { address in
            !address.isLoopback && !address.isLinkLocal && (source.map { $0.family == address.family } ?? true)
        }
        let sorted = all.enumerated().sorted { one, other in
            func rank(_ address: IPAddress) -> (Int, Int) {
                (own.contains { $0.contains(address) } ? 0 : 1, address.isIPv4 ? 0 : 1)
            }
            let (left, right) = (rank(one.element), rank(other.element))
            return left == right ? one.offset < other.offset : left < right
        }
        guard let address = sorted.first?.element else {
            throw RunError(
                .usage,
                "cannot send to \(name): \(space.name) has no address\(source == nil ? "" : " of the source's family")")
        }
        return address
    }
}
