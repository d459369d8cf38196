internal import Network
internal import Wire

extension Namespace {
    var loopback: Link? { links.first { $0.kind == "loopback" } ?? self[device: "lo"] }

    /// Whether the neighbour table has a MAC address for `address`.
    func isResolved(_ address: IPAddress, on device: String) -> Bool {
        neighbors.contains { $0.address == address && $0.device == device && $0.isUsable }
    }

    /// The setting that decides whether a packet that came in by `device` is forwarded; nil where none was read.
    func forwardingSetting(device: String?, isIPv4: Bool) -> (key: String, isOn: Bool)? {
        if isIPv4 {
            if let device, let value = deviceSetting("net.ipv4.conf", device, "forwarding") {
                return ("net.ipv4.conf.\(device).forwarding", value == "1")
            }
            return sysctls["net.ipv4.ip_forward"].map { ("net.ipv4.ip_forward", $0 == "1") }
        }
        return sysctls["net.ipv6.conf.all.forwarding"].map { ("net.ipv6.conf.all.forwarding", $0 == "1") }
    }

    /// `net.ipv4.conf.DEVICE.KEY`; a device's dots may be written as slashes.
    func deviceSetting(_ prefix: String, _ device: String, _ key: String) -> String? {
        sysctls["\(prefix).\(device).\(key)"] ?? sysctls["\(prefix).\(device.replacing(".", with: "/")).\(key)"]
    }
}

extension Neighbor {
    /// Whether it has a MAC address that the kernel sends to (NUD_VALID).
    var isUsable: Bool {
        ["reachable", "stale", "delay", "probe", "permanent", "noarp"].contains(state.lowercased())
    }
}
