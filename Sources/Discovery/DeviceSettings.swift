internal import Network
internal import CNetlink

/// The settings of one device that decide what happens to packets, as they come with its link (IFLA_INET_CONF,
/// IFLA_INET6_CONF): no file is opened for them.
enum DeviceSettings {
    /// By the place of the value in `IPV4_DEVCONF_*`, which counts from 1.
    private static let ipv4: [(Int, String)] = [
        (Int(IPV4_DEVCONF_FORWARDING), "forwarding"), (Int(IPV4_DEVCONF_RP_FILTER), "rp_filter"),
        (Int(IPV4_DEVCONF_ACCEPT_LOCAL), "accept_local"), (Int(IPV4_DEVCONF_ROUTE_LOCALNET), "route_localnet"),
        (Int(IPV4_DEVCONF_PROXY_ARP), "proxy_arp"), (Int(IPV4_DEVCONF_SEND_REDIRECTS), "send_redirects"),
        (Int(IPV4_DEVCONF_SRC_VMARK), "src_valid_mark"), (Int(IPV4_DEVCONF_ARP_IGNORE), "arp_ignore"),
        (Int(IPV4_DEVCONF_ARPFILTER), "arp_filter"), (Int(IPV4_DEVCONF_ARP_ANNOUNCE), "arp_announce"),
    ]

    /// By the place in `DEVCONF_*`, which counts from 0.
    private static let ipv6: [(Int, String)] = [
        (Int(DEVCONF_FORWARDING), "forwarding"), (Int(DEVCONF_DISABLE_IPV6), "disable_ipv6"),
        (Int(DEVCONF_PROXY_NDP), "proxy_ndp"), (Int(DEVCONF_ACCEPT_RA), "accept_ra"),
    ]

    static func all(_ record: LinkRecord) -> [String: String] {
        var settings: [String: String] = [:]
        let device = Settings.component(record.link.name)
        for (number, name) in ipv4 where number <= record.ipv4Settings.count {
            settings["net.ipv4.conf.\(device).\(name)"] = "\(Int32(bitPattern: record.ipv4Settings[number - 1]))"
        }
        for (number, name) in ipv6 where number < record.ipv6Settings.count {
            settings["net.ipv6.conf.\(device).\(name)"] = "\(Int32(bitPattern: record.ipv6Settings[number]))"
        }
        return settings
    }
}
