/// Decimal or 0x….
func parseNumber(_ text: String) -> UInt32? {
    let lower = text.lowercased()
    return lower.hasPrefix("0x") ? UInt32(lower.dropFirst(2), radix: 16) : UInt32(lower)
}

private let protocolNames: [(number: UInt8, name: String)] = [
    (1, "icmp"), (2, "igmp"), (4, "ipip"), (4, "ipencap"), (6, "tcp"), (17, "udp"), (33, "dccp"), (47, "gre"),
    (50, "esp"), (51, "ah"), (58, "ipv6-icmp"), (58, "icmpv6"), (58, "icmp6"), (89, "ospf"), (103, "pim"),
    (108, "comp"), (112, "vrrp"), (132, "sctp"), (136, "udplite"),
]

/// By name or number (protocols(5)); nil for a name that is not known here.
package func protocolNumber(_ name: String) -> UInt8? {
    UInt8(name) ?? protocolNames.first { $0.name == name.lowercased() }?.number
}

/// As iptables-save and nft write it; the number where it has no name.
func protocolName(_ number: UInt8) -> String {
    protocolNames.first { $0.number == number }?.name ?? String(number)
}

/// The service names that nft prints most (services(5)).
func servicePort(_ name: String) -> UInt16? {
    let names: [String: UInt16] = [
        "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "http": 80,
        "ntp": 123, "snmp": 161, "https": 443, "imaps": 993, "http-alt": 8080,
    ]
    return names[name]
}
