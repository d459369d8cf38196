internal import Network
internal import Snapshot
internal import Wire

/// What programs have open: sockets, local ports, packets that wait.
extension TwinPlan {
    /// Whether sockets are to be filled before anything else is built.
    var hasFullSockets: Bool { places.contains { !$0.namespace.fullSockets.isEmpty } }

    /// Connections that nobody accepts, and datagrams that nobody reads, come over the loopback device before there are rules.
    mutating func addFullSockets(_ text: inout ScriptText) {
        for place in places {
            let sockets = place.namespace.fullSockets
            if sockets.isEmpty { continue }
            text.blank()
            text.comment(
                "Sockets of \(Self.visible(place.namespace.name)) that take no more. They are filled before there are rules."
            )
            let addresses = Self.loopbackLines("add", sockets)
            text.feed("ip_batch", in: place.name, ["link set lo up"] + addresses)
            if options.opensSockets {
                text.feed("sockets", in: place.name, ScriptSockets.lines(sockets, areFull: true))
            }
        }
    }

    func endFullSockets(_ text: inout ScriptText) {
        for place in places where !place.namespace.fullSockets.isEmpty {
            text.feed(
                "ip_batch", in: place.name,
                Self.loopbackLines("del", place.namespace.fullSockets) + ["link set lo down"])
        }
    }

    private static func loopbackLines(_ verb: String, _ sockets: [Listener]) -> [String] {
        Set(sockets.map(\.address)).filter { !$0.isUnspecified && !$0.isLoopback }.sorted().map {
            "addr \(verb) \($0)/\($0.bitWidth) dev lo"
        }
    }

    func addListeners(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let sockets = namespace.roomySockets
        let lines = ScriptSockets.lines(sockets)
        guard !lines.isEmpty else { return }
        text.blank()
        text.comment("Listening sockets of \(Self.visible(namespace.name)).")
        for socket in sockets {
            guard let peers = socket.signedPeers, !peers.isEmpty else { continue }
            let names = peers.map(\.description).joined(separator: ", ")
            text.comment(
                "Port \(socket.port) asks no signatures (TCP MD5) here; there segments of \(names) must bear one. Passwords are not read."
            )
        }
        text.feed("sockets", in: name, lines)
    }

    func addHeldPorts(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        guard !namespace.connected.isEmpty else { return }
        text.blank()
        text.comment("Local ports of \(Self.visible(namespace.name)) that connections hold.")
        text.feed(
            "held_ports", in: name,
            namespace.connected.filter { $0.protocol == .tcp || $0.protocol == .udp }.map {
                "\($0.protocol.rawValue) \($0.localAddress) \($0.localPort) \($0.remoteAddress) \($0.remotePort)"
            })
    }

    func addGroups(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = namespace.groups.filter { !$0.device.contains(where: \.isWhitespace) }.map {
            "\($0.device) \($0.group)"
        }
        guard !lines.isEmpty else { return }
        text.blank()
        text.comment("Multicast groups that programs of \(Self.visible(namespace.name)) have joined.")
        text.feed("groups", in: name, lines)
    }

    func addWaitingPackets(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = namespace.waitingPackets.compactMap { waiting -> String? in
            guard !waiting.device.isEmpty, !waiting.device.contains(where: { $0.isWhitespace }) else { return nil }
            return
                "\(waiting.device) \(waiting.mac ?? MACAddress(value: 0)) \(waiting.frameBytes) \(waiting.count + waiting.passing)"
        }
        guard !lines.isEmpty else { return }
        text.blank()
        text.comment("Frames in place of the packets that wait in front of devices of \(Self.visible(namespace.name)).")
        text.feed("waiting_packets", in: name, lines)
    }
}
