internal import Network
internal import Snapshot
internal import Wire

/// A link's other end that the snapshot does not have.
struct StandIn {
    var place: Int
    /// The link itself, and the device that takes the place of its other end.
    var link: String
    var device: String
    /// For `ip netns`.
    var namespace: String
    /// A neighbour that was left out, and so says nothing; else the outside.
    var isMute: Bool
    var hasCarrier: Bool
}

extension TwinPlan {
    static let muteNamespace = "packetwalk-mute"

    /// Every link that needs one, in the order of the links.
    ///
    /// - Parameter taken: names that the snapshot's own namespaces have.
    static func standIns(
        _ places: [(namespace: NamespaceSnapshot, name: String?)], taken: Set<String>, answers: Bool
    ) -> [StandIn] {
        var found: [StandIn] = []
        var taken = taken
        for (position, place) in places.enumerated() {
            for link in place.namespace.links {
                guard let name = link.text("ifname"), name != "lo" else { continue }
                let kind = kind(of: link)
                var isMute = !answers
                if kind == "veth" {
                    if let far = link["peer"], let namespace = far.text("namespace"), let device = far.text("ifname") {
                        let other = places.first { $0.namespace.name == namespace }?.namespace
                        if other?.links.contains(where: { $0.text("ifname") == device }) == true { continue }
                        // It was seen, and left out since the packet can't come there.
                        isMute = true
                    }
                } else if kind == "bridge" || kind == "loopback" || kind == "vxlan"
                    || kind.map({ LinkOptions.words($0, link, lower: "any") != nil }) == true
                {
                    continue
                }
                var outside = place.name.map { "outside-\($0)-\(name)" } ?? "outside-\(name)"
                outside = safe(outside)
                if !isMute { while !taken.insert(outside).inserted { outside += "_" } }
                found.append(
                    StandIn(
                        place: position, link: name, device: isMute ? "s\(found.count)" : "w0",
                        namespace: isMute ? muteNamespace : outside, isMute: isMute,
                        hasCarrier: !link.has("UP") || link.has("LOWER_UP") || !link.has("NO-CARRIER")))
            }
        }
        return found
    }

    func standInNumber(for link: JSONTree, _ name: String, at position: Int) -> (device: String, namespace: String) {
        let found = standInList.first { $0.place == position && $0.link == name }
        return (found?.device ?? "w0", found?.namespace ?? Self.muteNamespace)
    }

    /// Their namespaces, before the links that cross to them.
    mutating func addStandInNamespaces(_ text: inout ScriptText) {
        var made: [String] = []
        for one in standInList where !made.contains(one.namespace) { made.append(one.namespace) }
        standIns = made
        guard !made.isEmpty else { return }
        text.comment("What stands for the other side of links that end elsewhere.")
        text.feed("ip_batch", in: nil, made.compactMap { batchLine(["netns", "add", $0]) })
        if made.contains(Self.muteNamespace) {
            text.feed("settings", in: Self.muteNamespace, ["net.ipv6.conf.default.disable_ipv6 = 1"])
        }
    }

    mutating func addStandIns(_ text: inout ScriptText) {
        let mute = standInList.filter(\.isMute)
        text.feed(
            "ip_batch", in: Self.muteNamespace,
            mute.filter(\.hasCarrier).compactMap { batchLine(["link", "set", $0.device, "arp", "off", "up"]) })
        for one in standInList where !one.isMute {
            let namespace = places[one.place].namespace
            text.blank()
            text.comment("The outside, as \(Self.visible(one.link)) of \(Self.visible(namespace.name)) would reach it.")
            guard one.hasCarrier else { continue }
            text.feed("ip_batch", in: one.namespace, ["link set lo up", "link set \(one.device) up"])
            let outside = outside(one, namespace)
            outsides.append(
                TwinOutside(
                    name: one.namespace, link: one.link, namespace: namespace.name,
                    hostAddresses: outside.hostAddresses.compactMap { IPAddress($0) },
                    gateways: outside.gateways.compactMap { IPAddress($0) }))
            text.add(outside.script)
            programs.insert("nft")
            assume(
                .outsideAnswers, in: namespace,
                "whatever is beyond \(one.link) answers ARP, neighbour discovery and every packet")
            assume(
                .outsideReturnRoute, in: namespace,
                "replies from beyond \(one.link) come back to the addresses configured on it, and to no others")
        }
    }

    private func outside(_ one: StandIn, _ namespace: NamespaceSnapshot) -> Outside {
        // The addresses of the host on that link: its own, its bridge's, and those of devices that stand on it.
        let link = namespace.links.first { $0.text("ifname") == one.link }
        var devices: Set<String> = [one.link]
        if let master = link?.text("master") { devices.insert(master) }
        for other in namespace.links where other.text("link").map({ devices.contains($0) }) == true {
            if let name = other.text("ifname") { devices.insert(name) }
        }
        let index = link?.number("ifindex")
        var addresses = namespace.addresses.filter { devices.contains($0.text("ifname") ?? "") }.compactMap {
            $0.text("local")
        }
        for place in places {
            for other in place.namespace.links
            where other["link_netnsid"] != nil && other.number("link_index") == index
                && LinkOptions.standsOnAnother(Self.kind(of: other) ?? "")
            {
                let name = other.text("ifname") ?? ""
                addresses += place.namespace.addresses.filter { $0.text("ifname") == name }.compactMap {
                    $0.text("local")
                }
            }
        }
        let routes = namespace.routes.ipv4 + namespace.routes.ipv6
        let hops = routes.flatMap { $0["nexthops"]?.elements ?? [$0] } + namespace.nexthops
        let gateways = hops.filter { devices.contains($0.text("dev") ?? "") }.compactMap {
            $0.text("gateway") ?? $0["via"]?.text("host")
        }
        let neighbours = namespace.neighbours.filter { devices.contains($0.text("dev") ?? "") }.compactMap { entry in
            entry.text("dst").flatMap { address in entry.text("lladdr").map { (address, $0) } }
        }
        return Outside(
            link: one.link, mac: link?.text("address"), name: one.namespace, hostAddresses: Self.unique(addresses),
            gateways: Self.unique(gateways), neighbours: neighbours, opensSockets: options.opensSockets,
            answers: true)
    }

    private static func unique(_ words: [String]) -> [String] {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }
}
