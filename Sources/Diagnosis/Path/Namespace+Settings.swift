internal import Network
internal import Wire

extension Namespace {
    var loopback: Link? { links.first { $0.kind == .loopback } ?? self[device: "lo"] }

    /// Whether `address` is a multicast group, or stands for all on the link of `device`: 255.255.255.255, or the last
    /// address of one of the device's networks (RFC 919, RFC 922).
    func isGroup(_ address: IPAddress, on device: String) -> Bool {
        if address.isMulticast || address == IPAddress(ipv4: .max) { return true }
        return self[device: device]?.addresses.contains { $0.broadcast == address } == true
    }

    /// Whether the neighbour table has a MAC address for `address`.
    func isResolved(_ address: IPAddress, on device: String) -> Bool {
        neighbors.contains { $0.address == address && $0.device == device && $0.state.isResolved }
    }
}
