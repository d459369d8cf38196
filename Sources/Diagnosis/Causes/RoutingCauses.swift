internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Decisions of routing: loopback-down, no-route, blackhole-route, forwarding-disabled, wrong-gateway,
/// reverse-path-filter.
extension Projection {
    /// What a local sender's routing says. False where nothing can be sent.
    mutating func checkSending(_ choice: RouteChoice, _ packet: PacketState, _ namespace: Namespace) -> Bool {
        if choice.kind == "local" {
            guard let loopback = namespace.loopback, !loopback.isUp else { return true }
            add(loopbackDown(loopback, packet, namespace))
            return false
        }
        return checkRoute(choice, packet, namespace, nil)
    }

    mutating func checkLoopback(_ packet: PacketState, _ namespace: Namespace, _ device: String) {
        guard let loopback = namespace.loopback, !loopback.isUp else { return }
        add(loopbackDown(loopback, packet, namespace))
    }

    private func loopbackDown(_ loopback: Link, _ packet: PacketState, _ namespace: Namespace) -> Candidate {
        Candidate(
            finding: Finding(
                code: "loopback-down", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: loopback.name),
                message:
                    "\(loopback.name) is down in \(namespace.name): what \(namespace.name) sends to its own addresses, \(packet.destination) among them, goes through it",
                evidence: [.state("\(loopback.name) is not up in \(namespace.name)")],
                remedy: Remedy([.ip(namespace, "link set \(loopback.name) up")])),
            isCertain: true, reasons: ["DEV_READY"])
    }

    /// Whether there is a way at all. `device` nil: sent here.
    mutating func checkRoute(
        _ choice: RouteChoice, _ packet: PacketState, _ namespace: Namespace, _ device: String?
    ) -> Bool {
        switch choice.kind {
        case nil:
            add(noRoute(choice, packet, namespace, device))
            return false
        case "blackhole"?, "unreachable"?, "prohibit"?:
            add(blackhole(choice, packet, namespace, device))
            return false
        default:
            check(
                false,
                "route in \(namespace.name): \(packet.destination) is reached by \(choice.text) (\(choice.evidence.rawValue))"
            )
            return true
        }
    }

    private func noRoute(
        _ choice: RouteChoice, _ packet: PacketState, _ namespace: Namespace, _ device: String?
    ) -> Candidate {
        // Routes go when their device goes down: then the device is the cause.
        let downLinks = namespace.links.filter { !$0.isUp && $0.kind != "loopback" && $0.name != "lo" }
        let covering = downLinks.first { $0.addresses.contains { $0.length > 0 && $0.contains(packet.destination) } }
        let upLinks = namespace.links.filter { $0.isUp && $0.kind != "loopback" && $0.name != "lo" }
        if let link = covering ?? (upLinks.isEmpty && downLinks.count == 1 ? downLinks.first : nil) {
            var down = linkDown(
                link, namespace,
                why: "\(namespace.name) has no route to \(packet.destination) while \(link.name) is down")
            // The way by a gateway went with the device and does not come back by itself.
            let isOnLink = link.addresses.contains { $0.contains(packet.destination) }
            if !isOnLink, let gateway = gateways(for: packet, namespace, including: link.name).first {
                down.finding.remedy?.actions.append(
                    .ip(namespace, packet.destination.family, "route add default via \(gateway.address)"))
            }
            return down
        }
        let routes = namespace.routes.filter {
            $0.kind == "unicast" && $0.destination.address.family == packet.destination.family
                && !$0.destination.address.isLinkLocal && !$0.destination.address.isMulticast
        }
        let known = routes.map { "\($0.destinationText)\($0.device.map { " on \($0)" } ?? "")" }
        let words =
            switch known.count {
            case 0: "it has no routes at all"
            case 1: "its only route is \(known[0])"
            default: "it knows \(known.prefix(6).joined(separator: ", ")) only"
            }
        let looked = choice.tables.isEmpty ? "" : ", looked up in \(tableWords(choice.tables))"
        var actions: [RemedyAction] = []
        // One that has a way there but does not forward yet is next in line.
        let beside =
            gateways(for: packet, namespace).first ?? gateways(for: packet, namespace, thatForward: false).first
        if let gateway = beside {
            actions = [.ip(namespace, packet.destination.family, "route add default via \(gateway.address)")]
        }
        return Candidate(
            finding: Finding(
                code: "no-route", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: device),
                message: "\(namespace.name) has no route to \(packet.destination): \(words)",
                evidence: [
                    Fact(choice.evidence, "no route to \(packet.destination) in \(namespace.name)\(looked)")
                ],
                remedy: Remedy(ifAny: actions)),
            isCertain: true, reasons: ["IP_INNOROUTES", "IP_OUTNOROUTES"])
    }

    private func tableWords(_ tables: [UInt32]) -> String {
        let names = tables.map { table -> String in
            switch table {
            case 255: "local"
            case 254: "main"
            case 253: "default"
            default: String(table)
            }
        }
        return (names.count == 1 ? "table " : "tables ") + names.joined(separator: ", ")
    }

    private func blackhole(
        _ choice: RouteChoice, _ packet: PacketState, _ namespace: Namespace, _ device: String?
    ) -> Candidate {
        let kind = choice.kind ?? "blackhole"
        var actions: [RemedyAction] = []
        if let route = choice.route {
            let table = choice.table.map { $0 == 254 ? "" : "table \($0)" } ?? CommandWords()
            actions = [
                .ip(namespace, packet.destination.family, "route del \(kind) \(route.destinationText) \(words: table)")
            ]
            if kind == "blackhole", route.metric > 0, packet.destination.isIPv4 {
                actions = [
                    .ip(
                        namespace, "route del blackhole \(route.destinationText) \(words: table) metric \(route.metric)"
                    )
                ]
            }
        } else if let rule = choice.rule {
            actions = [.ip(namespace, packet.destination.family, "rule del priority \(rule.priority)")]
        }
        let what =
            choice.route.map { "the route \(kind) \($0.destinationText)" } ?? choice.rule.map { "the rule \($0.text)" }
        return Candidate(
            finding: Finding(
                code: "blackhole-route", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: device),
                message:
                    "\(what ?? "a \(kind) route") in \(namespace.name) discards what is sent to \(packet.destination)",
                evidence: [Fact(choice.evidence, "\(choice.text)")],
                remedy: Remedy(ifAny: actions)),
            isCertain: true,
            reasons: [
                "IP_INNOROUTES", "IP_INADDRERRORS", "IP_OUTNOROUTES", "DST_BLACKHOLE", "IP_INHDR", "NOT_SPECIFIED",
            ])
    }

    /// Next hops that could serve: forwarding, on the same link, with an address in one of our prefixes.
    func gateways(
        for packet: PacketState, _ namespace: Namespace, including down: String? = nil, thatForward: Bool = true
    ) -> [(address: IPAddress, namespace: String, device: String)] {
        var found: [(address: IPAddress, namespace: String, device: String)] = []
        for link in namespace.links
        where (link.isUp || link.name == down) && link.kind != "loopback" && link.master == nil {
            let prefixes = link.addresses.filter {
                $0.address.family == packet.destination.family && !$0.address.isLinkLocal && $0.length > 0
            }
            if prefixes.isEmpty { continue }
            for path in Segment(of: topology, out: link.name, namespace: namespace.name).paths where !path.isOutside {
                guard let other = topology[namespace: path.end.namespace], other.name != namespace.name,
                    let device = other[device: path.end.device],
                    let address = device.addresses.first(where: { candidate in
                        prefixes.contains { $0.contains(candidate.address) && $0.address != candidate.address }
                    })
                else { continue }
                let choice = other.lookUpRoute(
                    to: packet.destination, source: packet.source, mark: 0, inDevice: path.end.device)
                let isOwn = choice.kind == "local"
                guard isOwn || choice.kind == "unicast" && choice.device != path.end.device else { continue }
                guard isOwn || !thatForward || forwards(other, path.end.device, packet) else { continue }
                found.append((address.address, other.name, link.name))
            }
        }
        return found
    }

    // MARK: Routers

    mutating func checkForwarding(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, _ choice: RouteChoice
    ) {
        let isIPv4 = packet.destination.isIPv4
        guard let setting = namespace.forwardingSetting(device: device, isIPv4: isIPv4) else {
            check(nil, "forwarding in \(namespace.name): its setting could not be read")
            return
        }
        if setting.isOn {
            check(false, "\(setting.key) = 1 in \(namespace.name)")
            return
        }
        let isGlobalOff = namespace.sysctls["net.ipv4.ip_forward"] != "1"
        let action: RemedyAction
        if !isIPv4 {
            action = .sysctl(namespace, "net.ipv6.conf.all.forwarding", "1")
        } else if isGlobalOff {
            action = .sysctl(namespace, "net.ipv4.ip_forward", "1")
        } else {
            action = .sysctl(namespace, "net.ipv4.conf.DEVICE.forwarding", device: device, "1")
        }
        var finding = Finding(
            code: "forwarding-disabled", severity: .error,
            where: Finding.Place(namespace: namespace.name, device: device),
            message:
                "\(namespace.name) does not forward what comes in by \(device): \(isIPv4 && isGlobalOff ? "net.ipv4.ip_forward" : setting.key) = 0, and \(packet.destination) is not its own address",
            evidence: [.state("\(setting.key) = 0 in \(namespace.name)")],
            remedy: Remedy([action]))
        if let wrong = wrongGateway(packet, namespace) { finding = wrong }
        add(
            Candidate(
                finding: finding, isCertain: true,
                reasons: [
                    "IP_INADDRERRORS", "IP_INNOROUTES", "IP_FORWARDING_DISABLED", "IPV6DISABLED", "NOT_SPECIFIED",
                ]))
    }

    /// The packet came to a namespace that is no router, while its sender has a router beside it.
    private func wrongGateway(_ packet: PacketState, _ namespace: Namespace) -> Finding? {
        let packet = origin ?? packet
        guard let sender = topology.namespaces.first(where: { $0.holds(packet.source) }), sender.name != namespace.name
        else { return nil }
        let choice = route(packet, sender, inDevice: nil)
        guard let gateway = choice.gateway, namespace.holds(gateway) else { return nil }
        guard let better = gateways(for: packet, sender).first(where: { $0.namespace != namespace.name }) else {
            return nil
        }
        let target = choice.route?.destinationText ?? "default"
        return Finding(
            code: "wrong-gateway", severity: .error,
            where: Finding.Place(namespace: sender.name, device: choice.device),
            message:
                "\(sender.name) sends what is for \(packet.destination) to \(gateway), which is \(namespace.name), and that forwards nothing; \(better.address) in \(better.namespace) does",
            evidence: [
                Fact(choice.evidence, "\(choice.text) in \(sender.name)"),
                .state("\(gateway) is an address of \(namespace.name), which does not forward"),
            ],
            remedy: Remedy([.ip(sender, packet.destination.family, "route replace \(target) via \(better.address)")]))
    }

    /// What fib_validate_source asks of the source: that it is not ours, and that the way back is by the same device.
    mutating func checkSource(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, _ choice: RouteChoice
    ) {
        guard packet.source.isIPv4, namespace[device: device]?.kind != "loopback" else { return }
        let acceptsLocal =
            namespace.deviceSetting("net.ipv4.conf", device, "accept_local") == "1"
            || namespace.sysctls["net.ipv4.conf.all.accept_local"] == "1"
        if namespace.holds(packet.source), !packet.source.isUnspecified, !acceptsLocal {
            add(martian(packet, namespace, device))
            return
        }
        let all = namespace.sysctls["net.ipv4.conf.all.rp_filter"].flatMap { Int($0) }
        let own = namespace.deviceSetting("net.ipv4.conf", device, "rp_filter").flatMap { Int($0) }
        let mode = max(all ?? 0, own ?? 0)
        guard mode > 0 else {
            if all != nil || own != nil { check(false, "rp_filter is off for \(device) in \(namespace.name)") }
            return
        }
        let back = namespace.lookUpRoute(
            to: packet.source, source: packet.destination, mark: 0, inDevice: nil)
        let isBack = back.kind == "unicast" && back.device == device || isMultipath(back, device)
        if isBack || mode == 2 && back.kind != nil {
            check(
                false,
                "rp_filter = \(mode) for \(device) in \(namespace.name): \(packet.source) is reached by \(back.text)")
            return
        }
        if let port = back.device.flatMap({ namespace[device: $0] }), port.master == device,
            let prefix = port.addresses.first(where: { $0.contains(packet.source) })
        {
            add(addressOnPort(prefix, port, namespace.name))
            return
        }
        let wayBack =
            back.kind == nil ? "there is no route to \(packet.source)" : "the way to \(packet.source) is \(back.text)"
        add(
            Candidate(
                finding: Finding(
                    code: "reverse-path-filter", severity: .error,
                    where: Finding.Place(namespace: namespace.name, device: device),
                    message:
                        "\(namespace.name) drops what \(packet.source) sends by \(device): rp_filter = \(mode) wants the way back to be by \(device) too, but \(wayBack); a route to \(packet.source) by \(device) would do",
                    evidence: [
                        .state(
                            "net.ipv4.conf.\((own ?? 0) >= (all ?? 0) ? device : "all").rp_filter = \(mode) in \(namespace.name)"
                        ),
                        Fact(back.evidence, "\(wayBack)"),
                    ],
                    remedy: Remedy(
                        [
                            back.kind == nil
                                ? .sysctl(namespace, "net.ipv4.conf.all.rp_filter", "0")
                                : .sysctl(namespace, "net.ipv4.conf.DEVICE.rp_filter", device: device, "2")
                        ]
                            + (back.kind == nil
                                ? [.sysctl(namespace, "net.ipv4.conf.DEVICE.rp_filter", device: device, "0")] : [])
                    )),
                isCertain: true, reasons: ["IP_RPFILTER"]))
    }

    /// A router passes on nothing from a link-local address (RFC 4291, 2.5.6). Who sends from one has no other, or none
    /// that it may use.
    mutating func checkScope(_ packet: PacketState, _ namespace: Namespace, _ device: String) {
        let source = packet.source
        guard !source.isIPv4, source.isLinkLocal, !packet.destination.isLinkLocal else { return }
        let holder = holders(of: source).first
        let sender = holder?.namespace.name ?? "the sender"
        let refused = holder?.link.duplicateAddresses?.first { !$0.address.isLinkLocal }
        var finding = Finding(
            code: "link-local-source", severity: .error,
            where: Finding.Place(
                namespace: holder?.namespace.name ?? namespace.name, device: holder?.link.name ?? device),
            message:
                "\(sender) sends from \(source), which is good for its own link only: \(namespace.name) passes the packet on to no other",
            evidence: [.seen("the source \(source) at \(namespace.name) \(device) in")])
        if let holder, let refused {
            let others = holders(of: refused.address, onLinkOf: holder)
            finding.code = "duplicate-address"
            finding.message =
                "\(refused) on \(holder.words) can't be used: duplicate address detection found that \(others.isEmpty ? "somebody else" : others.map(\.words).joined(separator: " and ")) has it. So \(sender) sends from \(source), which \(namespace.name) passes on to no other link"
            finding.evidence.append(.state("\(refused) on \(holder.words) is dadfailed"))
            finding.evidence += others.map { .state("\(refused.address) on \($0.words)") }
        } else if let holder {
            finding.message += "; \(holder.link.name) has no address of wider scope"
            finding.evidence.append(
                .state(
                    "addresses of \(holder.link.name) in \(sender): \(holder.link.addresses.map(\.description).joined(separator: ", "))"
                )
            )
        }
        add(Candidate(finding: finding, isCertain: true, reasons: ["IP_INADDRERRORS"]))
    }

    private func isMultipath(_ choice: RouteChoice, _ device: String) -> Bool {
        choice.route?.nextHops.contains { $0.device == device } == true
    }

    private func martian(_ packet: PacketState, _ namespace: Namespace, _ device: String) -> Candidate {
        let router = translations.last { !$0.isSource }
        if let router, let space = topology[namespace: router.namespace] {
            // It reached itself through somebody's DNAT, without a translated source.
            return hairpin(packet, router: space, rule: router.rule, source: namespace.name, target: namespace.name)
        }
        return Candidate(
            finding: Finding(
                code: "duplicate-address", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: device),
                message:
                    "\(namespace.name) drops the packet: its source \(packet.source) is an address of \(namespace.name) itself, yet it came in by \(device)",
                evidence: [
                    .state(
                        "\(packet.source) is held by \(holders(of: packet.source).map(\.words).joined(separator: " and "))"
                    )
                ]),
            isCertain: true, reasons: ["IP_LOCAL_SOURCE", "IP_RPFILTER", "IP_INVALID_SOURCE"])
    }
}

extension Namespace {
    var loopback: Link? { links.first { $0.kind == "loopback" } ?? self[device: "lo"] }
}
