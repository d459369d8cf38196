internal import Wire

/// Shell lines that make a namespace stand for all that is beyond a physical link: it answers ARP, neighbour discovery for
/// the gateways, pings, every TCP port and every UDP port, of any address.
///
/// Replies come back only to the addresses that the host holds on the link, as from the real outside: a private source
/// gets none. The device `w0` is there and up.
struct Outside {
    let link: String
    /// The link's own hardware address.
    let mac: String?
    /// The namespace, for `ip netns`.
    let name: String
    let hostAddresses: [String]
    let gateways: [String]
    /// Known neighbours on the link.
    let neighbours: [(address: String, mac: String)]
    /// Whether the lines open the sockets that answer; else whoever runs the script does.
    var opensSockets = true
    /// Else the link has carrier and nothing more.
    let answers: Bool

    /// A port that nothing else uses (RFC 863).
    private static let port = 9

    var script: ScriptText {
        guard answers else { return ScriptText() }
        let v4 = hostAddresses.filter { !$0.contains(":") }
        let v6 = hostAddresses.filter { $0.contains(":") }
        let gateways6 = gateways.filter { $0.contains(":") }
        var batch = [
            // A redirected packet needs an address on its device; this one is of RFC 7600.
            "addr add 192.0.0.8/32 dev w0",
            "route add local default dev lo table local",
        ]
        batch += v4.map { "route add \($0)/32 dev w0 table local" }
        var ipv6 = ["rule add iif w0 priority 10 lookup 100", "route add local default dev lo table 100"]
        ipv6 += v6.map { "route add \($0)/128 dev w0" }
        // Neighbour discovery is answered only for what is named.
        ipv6 += gateways6.map { "neigh add proxy \($0) dev w0" }
        ipv6 += neighbours.filter { $0.address.contains(":") && !gateways6.contains($0.address) }.map {
            "neigh add proxy \($0.address) dev w0"
        }
        let known = gateways.compactMap { gateway in neighbours.first { $0.address == gateway }?.mac }.first
        var text = ScriptText()
        text.feed(
            "settings", in: name,
            [
                "net.ipv4.conf.all.rp_filter = 0", "net.ipv4.conf.w0.rp_filter = 0", "net.ipv4.icmp_ratelimit = 0",
                "net.ipv4.conf.w0.accept_local = 1", "net.ipv4.ip_nonlocal_bind = 1",
                "net.ipv6.conf.w0.proxy_ndp = 1", "net.ipv6.conf.w0.forwarding = 1", "net.ipv6.conf.w0.accept_dad = 0",
                "net.ipv6.ip_nonlocal_bind = 1", "net.ipv6.icmp.ratelimit = 0", "net.ipv6.conf.w0.accept_ra = 0",
            ])
        // The gateway answers with the hardware address that the host knows.
        if let known { batch.insert("link set w0 address \(known)", at: 0) }
        text.feed("ip_batch", in: name, batch)
        text.feed("ip6_batch", in: name, ipv6)
        text.feed(
            "nft_rules", in: name,
            [
                "table inet outside {", " chain everything {", "  type nat hook prerouting priority dstnat;",
                "  meta l4proto { tcp, udp } redirect to :\(Self.port)", " }", "}",
            ])
        let sockets = [
            ("tcp", "0.0.0.0"), ("udp", "0.0.0.0"), ("tcp", "::"), ("udp", "::"),
        ].map { "\($0.0) \($0.1) \(Self.port) - 1 0 - 0 served" }
        if opensSockets { text.feed("sockets", in: name, sockets) }
        return text
    }
}
