/// Names of ICMP types. The first of a number is nft's; iptables has a few of its own.
enum ICMPTypeName {
    private static let ipv4: [(number: UInt8, name: String)] = [
        (0, "echo-reply"), (0, "pong"), (3, "destination-unreachable"), (4, "source-quench"), (5, "redirect"),
        (8, "echo-request"), (8, "ping"), (9, "router-advertisement"), (10, "router-solicitation"),
        (11, "time-exceeded"), (11, "ttl-exceeded"), (12, "parameter-problem"), (13, "timestamp-request"),
        (14, "timestamp-reply"), (15, "info-request"), (16, "info-reply"), (17, "address-mask-request"),
        (18, "address-mask-reply"),
    ]
    private static let ipv6: [(number: UInt8, name: String)] = [
        (1, "destination-unreachable"), (2, "packet-too-big"), (3, "time-exceeded"), (3, "ttl-exceeded"),
        (4, "parameter-problem"), (128, "echo-request"), (128, "ping"), (129, "echo-reply"), (129, "pong"),
        (130, "mld-listener-query"), (131, "mld-listener-report"), (132, "mld-listener-done"),
        (132, "mld-listener-reduction"), (133, "nd-router-solicit"), (133, "router-solicitation"),
        (134, "nd-router-advert"), (134, "router-advertisement"), (135, "nd-neighbor-solicit"),
        (135, "neighbour-solicitation"), (135, "neighbor-solicitation"), (136, "nd-neighbor-advert"),
        (136, "neighbour-advertisement"), (136, "neighbor-advertisement"), (137, "nd-redirect"), (137, "redirect"),
        (138, "router-renumbering"), (141, "ind-neighbor-solicit"), (142, "ind-neighbor-advert"),
        (143, "mld2-listener-report"),
    ]

    static func number(_ name: String, isIPv6: Bool) -> UInt8? {
        (isIPv6 ? ipv6 : ipv4).first { $0.name == name }?.number
    }

    /// As nft writes it; the number where it has no name.
    static func name(_ number: UInt8, isIPv6: Bool) -> String {
        (isIPv6 ? ipv6 : ipv4).first { $0.number == number }?.name ?? String(number)
    }
}
