internal import FoundationEssentials
internal import LinuxSystem
internal import Network
public import Probes
public import Snapshot
public import Twin
internal import WalkModel
internal import Wire

/// A network that is rebuilt for each trial, in a sandbox and by a process of its own: this very program, started again.
///
/// ```swift
/// let trial = Trial(snapshot: snapshot)
/// let before = try trial.send([TrialPacket(from: "web", request)])
/// let after = try trial.send([TrialPacket(from: "web", request)], changes: ["ip link set veth0 up"])
/// ```
///
/// The sandbox and all in it end with the call, with the calling thread, and when this process is killed.
public struct Trial: PacketTrials {
    /// A shell script that builds the network in the namespace that it is run in.
    public var script: String
    /// The same step by step, for which `script` has the functions; the first ones are made before sockets are filled. None of a
    /// script of one's own.
    private var steps: (first: [TwinStep], rest: [TwinStep]) = ([], [])
    /// What the script takes for granted.
    public var assumptions: [Assumption]
    /// What of `ip netns` stands for the outside: not to be seen by an explanation.
    public var hidden: [String]
    /// The program that is run in the sandbox; this one where nil.
    public var program: String?
    public var privilege: Sandbox.Privilege

    /// How `ip netns` names each namespace there, by the name of the snapshot; the home namespace is not among them.
    private var names: [String: String]
    private var home: String
    private var paths: [String: String]
    public private(set) var outsides: [TwinOutside] = []
    private var sockets: [TrialOrder.Sockets] = []
    private var neighbours: [TrialOrder.Neighbour] = []
    /// Whether there are disciplines that may hold a packet back; of a script of one's own that is not known.
    private var hasQueues = true

    /// A network that a script of one's own builds, such as a lab's.
    ///
    /// - Parameter namespaces: those that it makes, beside the one that it is run in.
    public init(
        script: String, namespaces: [String] = [], home: String = "host", hidden: [String] = [],
        program: String? = nil, privilege: Sandbox.Privilege = .automatic
    ) {
        self.script = script
        self.hidden = hidden
        self.program = program
        self.privilege = privilege
        self.home = home
        assumptions = []
        names = Dictionary(namespaces.map { ($0, $0) }) { first, _ in first }
        paths = [:]
    }

    /// The network of a snapshot, with its listening sockets.
    public init(
        snapshot: HostSnapshot, outsideAnswers: Bool = true, tablesBeforeLegacy: Int? = nil,
        program: String? = nil,
        privilege: Sandbox.Privilege = .automatic
    ) {
        let twin = TwinScript(
            snapshot,
            options: TwinScript.Options(
                makesSandbox: false, opensSockets: false, outsideAnswers: outsideAnswers,
                tablesBeforeLegacy: tablesBeforeLegacy))
        self.init(
            script: twin.head, home: snapshot.namespaces.first?.name ?? "host",
            hidden: twin.standIns + [HostSnapshot.leftOut],
            program: program, privilege: privilege)
        steps = (twin.firstSteps, twin.steps)
        hasQueues = snapshot.namespaces.contains { !$0.queues.isEmpty }
        assumptions = twin.assumptions
        names = twin.names
        outsides = twin.outsides
        if outsideAnswers { sockets += twin.standIns.map { TrialOrder.Sockets(ofOutside: $0) } }
        for namespace in snapshot.namespaces {
            if let path = namespace.path { paths[namespace.name] = path }
            guard let name = twinName(namespace.name) else { continue }
            let own = TrialOrder.Sockets(
                namespace: name.name, listeners: namespace.roomySockets, full: namespace.fullSockets,
                connected: namespace.connected, packets: namespace.waitingPackets,
                groups: namespace.groups)
            if !own.isEmpty { sockets.append(own) }
            neighbours += namespace.neighbours.compactMap { TrialOrder.Neighbour($0, in: name.name) }
        }
    }

    /// Of `ip netns` there, nil in it for the sandbox's own; nil where the namespace is not rebuilt.
    private func twinName(_ name: String) -> (name: String?, isHome: Bool)? {
        if name == home { return (nil, true) }
        if let outside = outsides.first(where: { $0.name == name }) { return (outside.name, false) }
        return names[name].map { ($0, false) }
    }

    public var namespaceFiles: [String: String] {
        // Only where a name had to change: else the commands are those that the user types.
        if names.allSatisfy({ $0.key == $0.value }) { return [:] }
        return names.mapValues { TrialWork.path($0) }
    }

    public func explain(
        _ request: PacketRequest, from: String, changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialExplanation {
        let reply = try run([TrialPacket(from: from, request)], explains: true, changes, options)
        guard let explained = reply.explained else { throw TrialError(.broken, "the trial gave no explanation") }
        do {
            let exchanges = try explained.exchanges.map { pair in
                var exchange = Exchange(
                    request: try WalkJSON.walk(from: pair.request.utf8),
                    reply: try pair.reply.map { try WalkJSON.walk(from: $0.utf8) })
                exchange.request.witness.isAtReceiver = pair.isRequestAtReceiver
                exchange.reply?.witness.isAtReceiver = pair.isReplyAtReceiver
                return exchange
            }
            let originals = originalNames
            return TrialExplanation(
                exchanges: exchanges.map { $0.renamingNamespaces(originals) }, arrived: explained.arrived,
                warnings: reply.warnings + explained.warnings, remarks: explained.remarks,
                topology: explained.topology?.renamingNamespaces(originals))
        } catch {
            throw TrialError(.broken, "the trial gave no walk: \(error)")
        }
    }

    public func send(
        _ packets: [TrialPacket], changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialAnswers {
        let reply = try run(packets, explains: false, changes, options)
        guard reply.answers.count == packets.count else { throw TrialError(.broken, "the trial gave no answers") }
        let arrivals = reply.arrivals.map { all in
            all.map { TrialArrival($0.places.map(originalName), dataPlaces: $0.dataPlaces.map(originalName)) }
        }
        return TrialAnswers(
            answers: reply.answers, arrivals: arrivals, warnings: reply.warnings,
            times: reply.times.map { ($0.part, $0.milliseconds) })
    }

    private func originalName(_ name: String) -> String {
        name.isEmpty ? home : names.first { $0.value == name }?.key ?? name
    }

    /// The snapshot's names by the twin's, where they differ.
    private var originalNames: [String: String] {
        var result: [String: String] = [:]
        for (original, name) in names where original != name { result[name] = original }
        if home != "host" { result["host"] = home }
        return result
    }

    private func run(
        _ packets: [TrialPacket], explains: Bool, _ changes: [TrialChange], _ options: TrialOptions
    ) throws(TrialError) -> TrialReply {
        var sent: [TrialOrder.Sent] = []
        for packet in packets {
            guard let name = twinName(packet.from) else {
                throw TrialError(.packet, "cannot send from \(packet.from): it is not in the rebuilt network")
            }
            sent.append(TrialOrder.Sent(namespace: name.name, packet: packet))
        }
        var originals = ["host": TrialOrder.Original(name: home, path: paths[home])]
        for (original, name) in names { originals[name] = TrialOrder.Original(name: original, path: paths[original]) }
        let senders = Set(packets.map(\.from))
        let used = outsides.filter { senders.contains($0.name) }.map { outside in
            let gateways = [IPAddress.Family.ipv4, .ipv6].compactMap { family in
                outside.hostAddresses.first { $0.family == family && !$0.isLinkLocal }
            }
            let sources = Set(packets.filter { $0.from == outside.name }.compactMap(\.request.source))
            return TrialOrder.Outside(
                namespace: outside.name, gateways: gateways, sources: sources.filter { !$0.isIPv4 }.sorted())
        }
        var options = options
        if hasQueues { options.endsWhenQuiet = false }
        let order = TrialOrder(
            script: script, firstSteps: steps.first, steps: steps.rest, sockets: sockets, neighbours: neighbours,
            outsides: used,
            changes: changes, hidden: hidden,
            originals: originals, packets: sent, explains: explains, options: options, began: monotonicNanoseconds())
        return try answer(to: order)
    }

    private func answer(to order: TrialOrder) throws(TrialError) -> TrialReply {
        let output: SandboxProcess.Output
        do {
            let process = try SandboxProcess(
                path: program, arguments: ["packetwalk", TrialServer.argument], privilege: privilege)
            defer { process.end() }
            output = try process.answer(
                to: Array(JSONEncoder().encode(order)), milliseconds: order.options.limitMilliseconds)
        } catch let error as SandboxError {
            throw TrialError(.lacking, error.description)
        } catch {
            throw TrialError(.broken, "cannot start a trial: \(error)")
        }
        guard let reply = try? JSONDecoder().decode(TrialReply.self, from: Data(output.standardOutput)) else {
            if output.isLate {
                let seconds = order.options.limitMilliseconds / 1000
                throw TrialError(.late, "the trial was given up after \(seconds) s")
            }
            let said = String(decoding: output.standardError, as: UTF8.self).split(separator: "\n").joined(
                separator: "; ")
            throw TrialError(.broken, "the trial's process ended without a result\(said.isEmpty ? "" : ": \(said)")")
        }
        if let error = reply.error { throw error }
        return reply
    }
}

extension TrialOrder.Neighbour {
    /// An element of `ip -j neigh` that is reachable; nil for others.
    init?(_ tree: JSONTree, in namespace: String?) {
        guard tree["state"]?.elements.contains(where: { $0.string == "REACHABLE" }) == true,
            let device = tree["dev"]?.string, let address = tree["dst"]?.string.flatMap({ IPAddress($0) })
        else { return nil }
        self.init(namespace: namespace, device: device, address: address)
    }
}

extension TrialOrder.Sockets {
    var isEmpty: Bool { listeners.isEmpty && full.isEmpty && connected.isEmpty && packets.isEmpty && groups.isEmpty }

    /// What stands for the outside sends all TCP and UDP that reaches it to its own port 9 (discard, RFC 863), and needs a
    /// program there.
    init(ofOutside namespace: String) {
        let addresses = [IPAddress(ipv4: 0), IPAddress(high: 0, low: 0)]
        let listeners = addresses.flatMap { address in
            [TransportProtocol.tcp, .udp].map { name in
                var listener = Listener(protocol: name, address: address, port: 9)
                listener.isIPv6Only = address.isIPv4 ? nil : true
                listener.backlog = 4096
                return listener
            }
        }
        self.init(namespace: namespace, listeners: listeners)
    }
}
