internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// What happens to frames: link-down, bridge-port-blocked, vxlan-unreachable, tc-drop, rules of the bridge and netdev
/// families, and IP rules that br_netfilter asks for bridged packets.
extension Projection {
    func linkDown(_ link: Link, _ namespace: Namespace, why: String) -> Candidate {
        Candidate(
            finding: Finding(
                code: "link-down", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: link.name),
                message: "\(link.name) in \(namespace.name) is down: \(why)",
                evidence: [.state("\(link.name) in \(namespace.name) is not up (\(link.state))")],
                remedy: Remedy([.ip(namespace, "link set \(link.name) up")])),
            isCertain: true, reasons: ["DEV_READY", "NOT_SPECIFIED", "NEIGH_FAILED", "NEIGH_QUEUEFULL"])
    }

    /// Whether a device can send at all. False where it can't.
    mutating func checkDevice(_ link: Link, _ namespace: Namespace) -> Bool {
        if !link.isUp {
            add(linkDown(link, namespace, why: "nothing leaves by it"))
            return false
        }
        if link.hasCarrier || link.kind == "bridge" {
            check(false, "\(link.name) in \(namespace.name) is up")
            return true
        }
        if let peer = link.peer, let name = peer.namespace, let other = topology[namespace: name],
            let end = other[device: peer.device], !end.isUp
        {
            add(
                linkDown(
                    end, other, why: "it is the other end of \(link.name) in \(namespace.name), which has no carrier"))
            return false
        }
        add(
            Candidate(
                finding: Finding(
                    code: "link-down", severity: .error,
                    where: Finding.Place(namespace: namespace.name, device: link.name),
                    message: "\(link.name) in \(namespace.name) has no carrier: its other end is down or not connected",
                    evidence: [.state("\(link.name) in \(namespace.name) is \(link.state)")]),
                isCertain: true))
        return false
    }

    /// Takes a frame over one step. False where it can't pass.
    mutating func passes(_ step: LayerTwoPath.Step, _ packet: inout PacketState) -> Bool {
        switch step {
        case .wire(let from, let to):
            guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
                let far = topology[namespace: to.namespace], let farLink = far[device: to.device]
            else { return true }
            if from != seenOut {
                guard checkDevice(nearLink, near) else { return false }
                askTransmitter(nearLink, near, &packet)
            }
            pass(from)
            guard farLink.isUp else {
                add(linkDown(farLink, far, why: "it is the other end of \(nearLink.name) in \(near.name)"))
                return false
            }
            checkReceiverSize(packet, near, nearLink, far, farLink)
            checkPrograms(farLink, far, direction: "ingress", beforeCapture: true)
            pass(to)
            checkPrograms(farLink, far, direction: "ingress")
            askDevice(.ingress, farLink, far, &packet)
            return true
        case .bridge(let name, let bridge, let inPort, let outPort):
            return passesBridge(name, bridge, inPort, outPort, &packet)
        case .tunnel(let from, let to):
            return passesTunnel(from, to, packet)
        }
    }

    /// What a device asks before a capture sees the packet go out.
    mutating func askTransmitter(_ link: Link, _ namespace: Namespace, _ packet: inout PacketState) {
        checkPrograms(link, namespace, direction: "egress")
        askDevice(.egress, link, namespace, &packet)
        checkQueue(link, namespace, packet)
    }

    /// What a device asks after a capture has seen the packet come in.
    mutating func askReceiver(_ name: String, _ device: String, _ packet: inout PacketState) {
        guard let namespace = topology[namespace: name], let link = namespace[device: device] else { return }
        checkPrograms(link, namespace, direction: "ingress")
        askDevice(.ingress, link, namespace, &packet)
    }

    private mutating func askDevice(
        _ hook: NetfilterHook, _ link: Link, _ namespace: Namespace, _ packet: inout PacketState
    ) {
        let has = namespace.netfilter.chains.contains {
            $0.family == "netdev" && $0.isBound(to: link.name)
        }
        guard has else { return }
        let site = RuleSite(
            namespace: namespace, inDevice: hook == .ingress ? link.name : nil,
            outDevice: hook == .egress ? link.name : nil)
        judge(
            HookTraversal(site: site, hook: hook, families: ["netdev"], device: link.name, asksTranslation: false),
            &packet)
    }

    /// XDP and tc programs can't be looked into: one that is attached may have dropped the packet.
    private mutating func checkPrograms(
        _ link: Link, _ namespace: Namespace, direction: String, beforeCapture: Bool = false
    ) {
        for program in link.programs {
            let isXDP = program.hasPrefix("xdp")
            guard isXDP ? direction == "ingress" && beforeCapture : program.contains(direction) && !beforeCapture else {
                continue
            }
            let action: RemedyAction =
                isXDP
                ? .ip(
                    namespace,
                    "link set dev \(link.name) \(program.split(separator: " ").first ?? "xdp") off")
                : .run(namespace, "tc filter del dev \(link.name) \(direction)")
            add(
                Candidate(
                    finding: Finding(
                        code: "tc-drop", severity: .warning,
                        where: Finding.Place(
                            namespace: namespace.name, hook: direction == "ingress" ? .ingress : .egress,
                            device: link.name),
                        message:
                            "a program (\(program)) is attached to \(link.name) in \(namespace.name) and can drop the packet there",
                        evidence: [.state("\(program) on \(link.name) in \(namespace.name)")],
                        remedy: Remedy([action])),
                    isCertain: false, reasons: isXDP ? ["XDP"] : ["TC_INGRESS", "TC_EGRESS"]))
        }
    }

    // MARK: Bridges

    private mutating func passesBridge(
        _ name: String, _ bridge: String, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) -> Bool {
        guard let namespace = topology[namespace: name], let link = namespace[device: bridge] else { return true }
        guard link.isUp else {
            add(linkDown(link, namespace, why: "none of its ports forwards"))
            return false
        }
        let entry = inPort.flatMap { namespace[device: $0] }
        let exit = outPort.flatMap { namespace[device: $0] }
        for port in [entry, exit].compactMap({ $0 }) {
            guard port.isUp else {
                add(linkDown(port, namespace, why: "it is a port of \(bridge)"))
                return false
            }
            if let state = port.bridgePort?.state, !state.isEmpty, state != "forwarding", port.hasCarrier {
                add(spanningTree(port, state, link, namespace))
                return false
            }
        }
        if let entry, let exit, entry.bridgePort?.isolated == true, exit.bridgePort?.isolated == true {
            add(
                blocked(
                    exit, bridge, namespace,
                    "it is isolated, and so is \(entry.name): isolated ports don't reach each other",
                    action: .run(namespace, "bridge link set dev \(exit.name) isolated off")))
            return false
        }
        if link.bridge?.vlanFiltering == true {
            guard passesVLAN(link, entry, exit, namespace) else { return false }
        }
        askBridge(namespace, bridge, inPort, outPort, &packet)
        return true
    }

    /// Where the kernel's spanning tree runs, the state is its own and can't be set (EBUSY): a port that listens or learns
    /// forwards after two forward delays, one that blocks stands for a loop.
    private func spanningTree(_ port: Link, _ state: String, _ bridge: Link, _ namespace: Namespace) -> Candidate {
        guard bridge.bridge?.stp == true else {
            return blocked(
                port, bridge.name, namespace, "its state is \(state)",
                action: .run(namespace, "bridge link set dev \(port.name) state 3"))
        }
        let words =
            ["listening", "learning"].contains(state)
            ? "its state is \(state): the spanning tree lets it forward after two forward delays, if it finds no loop"
            : "its state is \(state): the spanning tree found another way to the same bridges"
        return blocked(port, bridge.name, namespace, words, action: nil)
    }

    private func blocked(
        _ port: Link, _ bridge: String, _ namespace: Namespace, _ why: String, action: RemedyAction?
    ) -> Candidate {
        Candidate(
            finding: Finding(
                code: "bridge-port-blocked", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: port.name),
                message: "\(port.name), a port of \(bridge) in \(namespace.name), does not let the frame pass: \(why)",
                evidence: [.state("\(port.name) in \(namespace.name): \(why)")],
                remedy: action.map { Remedy([$0]) }),
            isCertain: true,
            reasons: [
                "NOT_SPECIFIED", "BRIDGE_INGRESS_STP_STATE", "BRIDGE_NO_EGRESS_PORT", "VLAN_FILTER", "NEIGH_FAILED",
                "NEIGH_QUEUEFULL",
            ])
    }

    /// Frames of the labs are untagged: they take the PVID of the port that they come in by.
    private mutating func passesVLAN(_ bridge: Link, _ entry: Link?, _ exit: Link?, _ namespace: Namespace) -> Bool {
        let own = bridge.bridge?.pvid ?? bridge.bridge?.defaultPVID
        let vlan = entry.map { $0.bridgePort?.pvid } ?? own
        guard let vlan, vlan != 0 else {
            if let entry {
                add(
                    blocked(
                        entry, bridge.name, namespace, "\(bridge.name) filters VLANs and the port has no PVID",
                        action: own.map {
                            .run(namespace, "bridge vlan add dev \(entry.name) vid \($0) pvid untagged")
                        }))
                return false
            }
            return true
        }
        if let exit {
            guard exit.bridgePort?.pvid == vlan || exit.bridgePort?.vlans.contains(vlan) == true else {
                let pvid = exit.bridgePort?.pvid.map(String.init) ?? "none"
                add(
                    blocked(
                        exit, bridge.name, namespace,
                        "\(bridge.name) filters VLANs, the frame is in VLAN \(vlan) and the port's PVID is \(pvid)",
                        action: .run(
                            namespace,
                            "bridge vlan add dev \(exit.name) vid \(vlan) pvid untagged")))
                return false
            }
        } else if let entry {
            let members = bridge.bridge?.vlans ?? []
            guard own == vlan || members.contains(vlan) || own == nil else {
                add(
                    blocked(
                        entry, bridge.name, namespace,
                        "\(bridge.name) filters VLANs, the port's PVID is \(vlan) and \(bridge.name) itself is in \(own.map(String.init) ?? "none")",
                        action: .run(
                            namespace,
                            "bridge vlan add dev \(entry.name) vid \(own ?? 1) pvid untagged")))
                return false
            }
        }
        return true
    }

    private mutating func askBridge(
        _ namespace: Namespace, _ bridge: String, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) {
        let chains = namespace.netfilter.chains
        if chains.contains(where: { $0.family == "bridge" }) {
            var hooks: [NetfilterHook] = inPort == nil ? [.output] : [.prerouting]
            if inPort != nil { hooks.append(outPort == nil ? .input : .forward) }
            if outPort != nil { hooks.append(.postrouting) }
            for hook in hooks {
                let site = RuleSite(
                    namespace: namespace, inDevice: hook == .output || hook == .postrouting ? nil : inPort,
                    outDevice: hook == .prerouting || hook == .input ? nil : outPort)
                judge(
                    HookTraversal(site: site, hook: hook, families: ["bridge"], asksTranslation: false), &packet)
            }
        }
        guard let inPort, let outPort else { return }
        let bridgeState = namespace[device: bridge]?.bridge
        let key =
            packet.source.isIPv4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables"
        let own = packet.source.isIPv4 ? bridgeState?.callsIPTables : bridgeState?.callsIP6Tables
        guard namespace.sysctls[key] == "1" || own == true else { return }
        for hook in [NetfilterHook.prerouting, .forward, .postrouting] {
            pass(namespace.name, hook)
            packet.connection = connectionState(packet, namespace)
            let site = RuleSite(
                namespace: namespace, inDevice: hook == .postrouting ? nil : bridge,
                outDevice: hook == .prerouting ? nil : bridge, physicalInDevice: inPort,
                physicalOutDevice: hook == .prerouting ? nil : outPort)
            judge(
                HookTraversal(site: site, hook: hook, families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"]), &packet)
        }
    }

    // MARK: VXLAN

    private mutating func passesTunnel(
        _ from: LayerTwoPath.Port, _ to: LayerTwoPath.Port, _ packet: PacketState
    ) -> Bool {
        guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
            let vxlan = nearLink.vxlan, let far = topology[namespace: to.namespace],
            let farLink = far[device: to.device], let other = farLink.vxlan
        else { return true }
        guard checkDevice(nearLink, near) else { return false }
        func fail(_ why: String, _ actions: [RemedyAction], at namespace: Namespace, _ device: String) -> Bool {
            add(
                Candidate(
                    finding: Finding(
                        code: "vxlan-unreachable", severity: .error,
                        where: Finding.Place(namespace: namespace.name, device: device),
                        message:
                            "\(nearLink.name) in \(near.name) does not reach \(farLink.name) in \(far.name): \(why)",
                        evidence: [.state(why)], remedy: Remedy(ifAny: actions)
                    ),
                    isCertain: true,
                    reasons: [
                        "VXLAN_VNI_NOT_FOUND", "VXLAN_NO_REMOTE", "NOT_SPECIFIED", "NEIGH_FAILED", "NO_SOCKET",
                        "UDP_CSUM",
                    ]))
            return false
        }
        let zero = MACAddress(value: 0)
        let flooding = vxlan.fdb.filter { $0.mac == zero }.compactMap(\.destination)
        let specific = packet.macDestination.flatMap { mac in vxlan.fdb.first { $0.mac == mac }?.destination }
        let ends = [specific, vxlan.remote].compactMap { $0 } + flooding
        let wanted = other.local ?? underlayAddress(of: far, beside: near, vxlan)
        let toWanted: [RemedyAction] = [wanted].compactMap(\.self).map {
            .run(near, "bridge fdb append 00:00:00:00:00:00 dev \(nearLink.name) dst \($0)")
        }
        if ends.isEmpty {
            return fail(
                "it has neither a remote nor an FDB entry that says where to send", toWanted, at: near,
                nearLink.name)
        }
        guard let end = ends.first(where: { far.holds($0) }) else {
            return fail(
                "it sends to \(ends.map(\.description).joined(separator: ", ")), and \(far.name) is \(wanted?.description ?? "elsewhere")",
                toWanted, at: near, nearLink.name)
        }
        if vxlan.identifier != other.identifier {
            return fail(
                "its VNI is \(vxlan.identifier), the other's is \(other.identifier)", [], at: near, nearLink.name)
        }
        if vxlan.port != other.port {
            return fail(
                "it sends to UDP port \(vxlan.port), the other listens on \(other.port)", [], at: near, nearLink.name)
        }
        if let local = other.local, local != end {
            return fail("it sends to \(end), the other takes only what is for \(local)", [], at: near, nearLink.name)
        }
        guard farLink.isUp else {
            add(linkDown(farLink, far, why: "it is the tunnel's other end"))
            return false
        }
        // The outer packet goes its own way.
        var outer = PacketState(
            source: vxlan.local ?? IPAddress(ipv4: 0), destination: end, ipProtocol: .udp,
            destinationPort: vxlan.port, ttl: 64, length: packet.length == 0 ? 0 : packet.length + 50,
            dontFragment: false,
            connection: nil)
        outer.connection = .new
        var inner = Projection(context, flows: flows)
        inner.run(outer, from: .send(namespace: near.name))
        for candidate in inner.candidates where candidate.finding.code != "no-listener" { add(candidate) }
        if case .stopped = inner.end, !inner.candidates.isEmpty { return false }
        return true
    }

    /// The address by which `near` would reach `far` for the outer packets.
    private func underlayAddress(of far: Namespace, beside near: Namespace, _ vxlan: Link.VXLAN) -> IPAddress? {
        let isIPv4 = vxlan.local?.isIPv4 ?? vxlan.remote?.isIPv4 ?? true
        for link in far.links where link.kind != "loopback" && link.kind != "vxlan" && link.kind != "bridge" {
            for prefix in link.addresses where prefix.address.isIPv4 == isIPv4 && !prefix.address.isLinkLocal {
                let choice = near.lookUpRoute(to: prefix.address, source: nil, mark: 0, inDevice: nil)
                if choice.kind == "unicast" { return prefix.address }
            }
        }
        return nil
    }
}
