internal import Network
internal import Wire

extension Namespace {
    var loopback: Link? { links.first { $0.kind == .loopback } ?? self[device: "lo"] }

    /// Whether the neighbour table has a MAC address for `address`.
    func isResolved(_ address: IPAddress, on device: String) -> Bool {
        neighbors.contains { $0.address == address && $0.device == device && $0.state.isResolved }
    }
}
