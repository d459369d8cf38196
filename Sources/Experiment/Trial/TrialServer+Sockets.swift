internal import LinuxSystem
internal import Network
internal import Twin
internal import Wire

/// What programs have open on the host.
extension TrialWork {
    /// Before there are rules and devices. Throws `TrialError`.
    func fillSockets() throws(TrialError) {
        try open { sockets in
            if sockets.full.isEmpty { return }
            raiseDescriptorLimit()
            try listeners.openFull(sockets.full, in: file(sockets.namespace), name: name(sockets.namespace))
        }
    }

    /// Throws `TrialError`.
    mutating func openSockets() throws(TrialError) {
        try open { sockets in
            let file = try file(sockets.namespace)
            let name = name(sockets.namespace)
            try listeners.open(sockets.listeners.map(roomy), in: file, name: name)
            try listeners.bindFull(in: file, name: name)
            try joinedGroups.join(sockets.groups, in: file, name: name)
            if !sockets.connected.isEmpty {
                raiseDescriptorLimit()
                try heldPorts.hold(sockets.connected, in: file, name: name)
            }
        }
        do {
            try listeners.serve()
        } catch {
            throw Self.failure(error)
        }
        for (namespace, neighbours) in Dictionary(grouping: order.neighbours, by: \.namespace) {
            let file = try file(namespace)
            try? file.perform { for neighbour in neighbours { warm(neighbour.address, by: neighbour.device) } }
        }
        for sockets in order.sockets where !sockets.packets.isEmpty {
            let file = try file(sockets.namespace)
            for packets in sockets.packets {
                do {
                    try file.perform { try packets.send() }
                } catch {
                    reply.warnings.append("\(error) in \(name(sockets.namespace))")
                }
            }
        }
        reply.warnings += listeners.failures + heldPorts.failures + joinedGroups.failures
    }

    /// The program of a port runs and takes what comes: `tcp 8080` in the namespace that the change names. Throws `TrialError`.
    func serve(_ change: TrialChange, index: Int) throws(TrialError) {
        let words = change.text.split(separator: " ")
        guard words.count == 2, let port = UInt16(words[1]), let original = change.name else {
            throw TrialError(.change, "no program is called “\(change.text)”", changeIndex: index)
        }
        let isServed: Bool
        do {
            isServed = try listeners.begin(
                TransportProtocol(rawValue: String(words[0])), port: port, in: name(place(original)))
        } catch {
            throw Self.failure(error)
        }
        if !isServed {
            throw TrialError(.change, "no program waits at \(change.text) in \(original)", changeIndex: index)
        }
    }

    /// Throws `TrialError` where a setting can't be made, unless it may fail.
    func set(_ change: TrialChange, index: Int) throws(TrialError) {
        guard let original = change.name else { return }
        let file = try file(place(original))
        let settings = change.text.split(separator: "\n").compactMap { KernelSetting(line: String($0)) }
        let failed: KernelSetting.Failure?
        do {
            failed = try file.perform { KernelSettings.write(settings, endsAtFailure: true).first }
        } catch {
            throw TrialError(.change, "\(error) in \(original)", changeIndex: index)
        }
        guard let failed, !change.mayFail else { return }
        throw TrialError(
            .change, "cannot make “\(change.text)” in the rebuilt network: \(failed.words)", changeIndex: index)
    }

    /// Throws `TrialError`.
    mutating func routeMulticast(_ change: TrialChange, index: Int) throws(TrialError) {
        let words = change.text.split(separator: " ").map(String.init)
        guard words.count > 2, let group = IPAddress(words[0]), let original = change.name else {
            throw TrialError(.change, "no multicast is called “\(change.text)”", changeIndex: index)
        }
        let file = try file(place(original))
        do {
            let (device, others) = (words[1], Array(words.dropFirst(2)))
            multicastRouters.append(
                try file.perform { try MulticastRouter(group: group, from: device, to: others) })
        } catch {
            throw TrialError(.change, "\(error) in \(original)", changeIndex: index)
        }
    }

    /// The twin's name of a namespace of the snapshot; nil for the sandbox's own.
    private func place(_ original: String) -> String? {
        let name = order.originals.first { $0.value.name == original }?.key ?? original
        return name == order.homeName ? nil : name
    }

    private func name(_ namespace: String?) -> String { namespace ?? "the host" }

    private func open(_ body: (TrialOrder.Sockets) throws -> Void) throws(TrialError) {
        do {
            for sockets in order.sockets { try body(sockets) }
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> TrialError {
        error as? TrialError ?? TrialError(.script, "cannot open the sockets of the rebuilt network: \(error)")
    }

    /// Of many packets none is to be refused because others came at the same time.
    private func roomy(_ listener: Listener) -> Listener {
        guard order.packets.count > 1 else { return listener }
        var listener = listener
        listener.backlog = max(listener.backlog ?? 0, 4096)
        return listener
    }
}
