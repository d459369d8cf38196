public import Wire

/// The settings of one namespace by what they decide: each answer names the sysctl(8) that it rests on.
///
/// How the value of a device and that of `all` combine follows the kernel (IN_DEV_MAXCONF and IN_DEV_ORCONF of
/// linux/inetdevice.h; Documentation/networking/ip-sysctl.rst). An answer is nil where neither was read.
public struct Settings: Sendable, Hashable {
    /// A value and the key that it comes from.
    public struct Value: Sendable, Hashable {
        /// As sysctl(8) writes it: `net.ipv4.conf.veth0.rp_filter`.
        public var key: String
        public var number: Int

        public init(key: String, number: Int) {
            self.key = key
            self.number = number
        }

        public var isOn: Bool { number > 0 }
    }

    /// By key, as read.
    public let values: [String: String]

    public init(_ values: [String: String]) {
        self.values = values
    }

    // MARK: By key

    public subscript(key: String) -> String? { values[key] }

    /// Nil where it was not read or is no number.
    public func value(_ key: String) -> Value? {
        values[key].flatMap { Int($0) }.map { Value(key: key, number: $0) }
    }

    /// `net.ipv4.conf.DEVICE.NAME` or its like of IPv6; `all` and `default` are devices too.
    public func value(_ name: String, of device: String, _ family: IPAddress.Family = .ipv4) -> Value? {
        let prefix = "net.\(family == .ipv4 ? "ipv4" : "ipv6").conf."
        return value("\(prefix)\(Self.component(device)).\(name)") ?? value("\(prefix)\(device).\(name)")
    }

    /// A device's name within a key, as sysctl(8) writes it: a dot in it becomes a slash.
    public static func component(_ device: String) -> String {
        device.contains(".") ? String(device.map { $0 == "." ? "/" : $0 }) : device
    }

    /// The greater of a device's own value and that of `all`; the device's own where they are equal.
    private func greater(_ name: String, _ device: String) -> Value? {
        let own = value(name, of: device)
        guard let all = value(name, of: "all") else { return own }
        return all.number > own?.number ?? .min ? all : own
    }

    // MARK: Forwarding and routing

    /// Whether what comes in by `device` is forwarded. IPv4 asks the device alone, IPv6 `all` alone (ip6_forward).
    public func forwarding(device: String?, _ family: IPAddress.Family) -> Value? {
        switch family {
        case .ipv4: device.flatMap { value("forwarding", of: $0) } ?? value("net.ipv4.ip_forward")
        case .ipv6: value("net.ipv6.conf.all.forwarding")
        }
    }

    /// Whether a multicast routing daemon runs: the kernel forwards multicast for it alone.
    public func forwardsMulticast(_ family: IPAddress.Family) -> Value? {
        value(family == .ipv4 ? "net.ipv4.conf.all.mc_forwarding" : "net.ipv6.conf.all.mc_forwarding")
    }

    /// 0: no check of the source; 1: strict, the route back must use the same device; 2: loose, any route back will do
    /// (RFC 3704). IPv4 only.
    public func reversePathFilter(device: String) -> Value? { greater("rp_filter", device) }

    /// Packets from one of the namespace's own addresses are accepted.
    public func acceptsLocal(device: String) -> Value? { greater("accept_local", device) }

    /// 127.0.0.0/8 may be routed by the device.
    public func routesLoopback(device: String) -> Value? { greater("route_localnet", device) }

    /// The check of the source uses the packet's mark.
    public func sourceCheckUsesMark(device: String) -> Value? { greater("src_valid_mark", device) }

    // MARK: Neighbours

    /// 0: ARP requests for any own address are answered; 1: for those of the device they came in by; 2: and from the same
    /// subnet; 8: none.
    public func arpIgnore(device: String) -> Value? { greater("arp_ignore", device) }

    /// Which source an ARP request names: 0 any, 1 one of the target's subnet where possible, 2 the best.
    public func arpAnnounce(device: String) -> Value? { greater("arp_announce", device) }

    /// An ARP request is answered only where the route back uses the device.
    public func arpFilter(device: String) -> Value? { greater("arp_filter", device) }

    /// ARP requests for addresses that are routed elsewhere are answered (RFC 1027); of IPv6 only for configured
    /// addresses (`proxy_ndp`).
    public func proxiesNeighbors(device: String, _ family: IPAddress.Family) -> Value? {
        switch family {
        case .ipv4: greater("proxy_arp", device)
        case .ipv6: value("proxy_ndp", of: device, .ipv6)
        }
    }

    // MARK: Own packets

    public func ignoresEcho(_ family: IPAddress.Family) -> Value? {
        value(family == .ipv4 ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all")
    }

    /// Echo requests that are sent to all on a link (RFC 1122, 3.2.2.6).
    public var ignoresBroadcastEcho: Value? { value("net.ipv4.icmp_echo_ignore_broadcasts") }

    /// Ports given to sockets that ask for none (ip(7), `ip_local_port_range`).
    public var localPorts: ClosedRange<UInt16>? {
        let bounds = (values["net.ipv4.ip_local_port_range"] ?? "").split(whereSeparator: { $0 == "\t" || $0 == " " })
            .compactMap { UInt16($0) }
        return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
    }

    // MARK: Netfilter

    /// What a bridge forwards passes the chains of `ip` or `ip6` too (br_netfilter).
    public func bridgeCallsChains(_ family: IPAddress.Family) -> Value? {
        value(family == .ipv4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables")
    }

    /// Connections tracked at the time, and how many there may be at most; 0 for no limit.
    public var connections: Value? { value("net.netfilter.nf_conntrack_count") }
    public var connectionLimit: Value? { value("net.netfilter.nf_conntrack_max") }
}

extension Namespace {
    public var settings: Settings { Settings(sysctls) }
}
