/// The type of an ICMP or ICMPv6 message (RFC 792, RFC 4443, RFC 4861; IANA's registries), with all its names.
public struct ICMPType: Hashable, Sendable {
    /// ICMPv6; else ICMP.
    public var isIPv6: Bool
    public var number: UInt8

    @inlinable
    public init(_ number: UInt8, isIPv6: Bool) {
        self.number = number
        self.isIPv6 = isIPv6
    }

    public static func echoRequest(isIPv6: Bool) -> Self { Self(isIPv6 ? 128 : 8, isIPv6: isIPv6) }
    public static func echoReply(isIPv6: Bool) -> Self { Self(isIPv6 ? 129 : 0, isIPv6: isIPv6) }

    private typealias Entry = (number: UInt8, words: String?, names: [String])

    /// `words`: in plain English. `names`: in rules; nft's own comes first, iptables has a few more.
    private static let ipv4: [Entry] = [
        (0, "echo reply", ["echo-reply", "pong"]), (3, "destination unreachable", ["destination-unreachable"]),
        (4, nil, ["source-quench"]), (5, "redirect", ["redirect"]), (8, "echo request", ["echo-request", "ping"]),
        (9, nil, ["router-advertisement"]), (10, nil, ["router-solicitation"]),
        (11, "time exceeded", ["time-exceeded", "ttl-exceeded"]), (12, "parameter problem", ["parameter-problem"]),
        (13, nil, ["timestamp-request"]), (14, nil, ["timestamp-reply"]), (15, nil, ["info-request"]),
        (16, nil, ["info-reply"]), (17, nil, ["address-mask-request"]), (18, nil, ["address-mask-reply"]),
    ]
    private static let ipv6: [Entry] = [
        (1, "destination unreachable", ["destination-unreachable"]), (2, "packet too big", ["packet-too-big"]),
        (3, "time exceeded", ["time-exceeded", "ttl-exceeded"]), (4, "parameter problem", ["parameter-problem"]),
        (128, "echo request", ["echo-request", "ping"]), (129, "echo reply", ["echo-reply", "pong"]),
        (130, nil, ["mld-listener-query"]), (131, nil, ["mld-listener-report"]),
        (132, nil, ["mld-listener-done", "mld-listener-reduction"]),
        (133, "router solicitation", ["nd-router-solicit", "router-solicitation"]),
        (134, "router advertisement", ["nd-router-advert", "router-advertisement"]),
        (135, "neighbour solicitation", ["nd-neighbor-solicit", "neighbour-solicitation", "neighbor-solicitation"]),
        (136, "neighbour advertisement", ["nd-neighbor-advert", "neighbour-advertisement", "neighbor-advertisement"]),
        (137, "redirect", ["nd-redirect", "redirect"]), (138, nil, ["router-renumbering"]),
        (141, nil, ["ind-neighbor-solicit"]), (142, nil, ["ind-neighbor-advert"]),
        (143, nil, ["mld2-listener-report"]),
    ]

    private static func table(isIPv6: Bool) -> [Entry] { isIPv6 ? ipv6 : ipv4 }

    private var entry: Entry? { Self.table(isIPv6: isIPv6).first { $0.number == number } }

    /// By the name that a rule calls it; nil for one that is not known here.
    public init?(ruleName name: String, isIPv6: Bool) {
        guard let entry = Self.table(isIPv6: isIPv6).first(where: { $0.names.contains(name) }) else { return nil }
        self.init(entry.number, isIPv6: isIPv6)
    }

    /// As nft writes it; the number where it has no name.
    public var ruleName: String { entry?.names.first ?? String(number) }

    /// `echo request`, `destination unreachable (port)`; nil for one that is not called in words here.
    public func words(code: UInt8) -> String? {
        switch (isIPv6, number, code) {
        case (false, 3, 4): "fragmentation needed"
        case (false, 3, _), (true, 1, _):
            entry?.words.map { "\($0) (\(Self.unreachable(code, isIPv6: isIPv6) ?? "code \(code)"))" }
        default: entry?.words
        }
    }

    /// What could not be reached, or why, by the code of "destination unreachable".
    private static func unreachable(_ code: UInt8, isIPv6: Bool) -> String? {
        switch (isIPv6, code) {
        case (false, 0): "network"
        case (false, 1): "host"
        case (false, 2): "protocol"
        case (false, 3), (true, 4): "port"
        case (false, 9), (false, 10), (false, 13), (true, 1): "prohibited"
        case (true, 0): "no route"
        case (true, 3): "address"
        default: nil
        }
    }
}
