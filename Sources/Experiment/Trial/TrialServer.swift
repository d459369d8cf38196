internal import Discovery
internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Probes
internal import Runs
internal import Twin
internal import WalkModel

/// The process of one trial, in its sandbox: builds the network, opens its sockets, makes the changes, sends the packets.
public enum TrialServer {
    /// The command's hidden argument that means `run`.
    public static let argument = "__trial"

    /// Reads the order from standard input and writes the reply to standard output. Gives the exit status: 64 where it was
    /// not started by a trial.
    public static func run() -> Int32 {
        guard let sandbox = Sandbox.current, let text = try? readFile("/proc/self/fd/0"),
            let order = try? JSONDecoder().decode(TrialOrder.self, from: Data(text))
        else { return 64 }
        var work = TrialWork(order: order, sandbox: sandbox)
        do throws(TrialError) {
            try work.run()
        } catch {
            work.reply.error = error
        }
        guard var line = try? JSONEncoder().encode(work.reply) else { return 70 }
        line.append(UInt8(ascii: "\n"))
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return 74 }
            rest = rest.dropFirst(max(0, count))
        }
        return 0
    }
}

/// The steps of a trial, one after the other.
struct TrialWork {
    let order: TrialOrder
    let sandbox: Sandbox
    var reply = TrialReply()
    let listeners = StandInListeners()
    let heldPorts = HeldPorts()
    let joinedGroups = JoinedGroups()
    var multicastRouters: [MulticastRouter] = []
    private var last: Int64

    init(order: TrialOrder, sandbox: Sandbox) {
        self.order = order
        self.sandbox = sandbox
        last = order.began
    }

    mutating func run() throws(TrialError) {
        note("start")
        if !order.firstSteps.isEmpty {
            reply.warnings += try TwinBuilder.run(order.firstSteps, head: order.script)
            try fillSockets()
        }
        reply.warnings +=
            order.steps.isEmpty
            ? try TrialShell.run(order.script) : try TwinBuilder.run(order.steps, head: order.script)
        note("script")
        try openSockets()
        note("sockets")
        for outside in order.outsides {
            if let failure = try TrialShell.route(outside) { reply.warnings.append(failure) }
        }
        let countsArrivals = order.options.watchesArrivals
        // Where nothing is held back, who is there answers at once; who only asks for answers does not see how long the kernel asks.
        let hastens = order.options.endsWhenQuiet && !order.explains
        if countsArrivals { raiseDescriptorLimit() }
        for name in [nil] + Sandbox.namedNamespaces {
            try? file(name).perform {
                RateLimits.removeProxyDelay()
                if hastens { RateLimits.hastenNeighbours() }
                if countsArrivals { RateLimits.remove() }
            }
        }
        note("limits")
        for (index, change) in order.changes.enumerated() {
            switch change.kind {
            case .serving: try serve(change, index: index)
            case .multicastRouting: try routeMulticast(change, index: index)
            case .settings: try set(change, index: index)
            default: try TrialShell.make(change, index: index, in: order)
            }
        }
        if !order.changes.isEmpty { note("changes") }
        if order.explains { try explain() } else { try send() }
        note("send")
    }

    private mutating func note(_ part: String) {
        let now = monotonicNanoseconds()
        reply.times.append(TrialReply.Time(part: part, milliseconds: Double(now - last) / 1e6))
        last = now
    }

    static func path(_ namespace: String?) -> String { namespace.map { "/run/netns/\($0)" } ?? "/proc/self/ns/net" }

    func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    func file(_ namespace: String?) throws(TrialError) -> NetworkNamespaceFile {
        do {
            return try NetworkNamespaceFile(path: Self.path(namespace))
        } catch {
            throw TrialError(.script, "cannot enter \(namespace ?? "the host") in the rebuilt network: \(error)")
        }
    }

    private func sender(_ sent: TrialOrder.Sent) throws(TrialError) -> PacketSender {
        let file = try file(sent.namespace)
        do {
            return try PacketSender(sent.packet.request, in: file, name: sent.packet.from)
        } catch {
            throw TrialError(.packet, "\(error)")
        }
    }

    private mutating func send() throws(TrialError) {
        if order.options.oneByOne {
            reply.answers = []
            for sent in order.packets {
                let sender = try sender(sent)
                if let failure = sender.send() {
                    reply.answers.append(.unsent(errorNumber: failure.errorNumber))
                    continue
                }
                reply.answers.append(
                    answer(of: sender, sender.awaitAnswer(timeoutMilliseconds: order.options.waitMilliseconds)))
            }
            return
        }
        let log = order.options.watchesArrivals ? try arrivalLog() : nil
        var files: [String?: NetworkNamespaceFile] = [:]
        for name in Set(order.packets.map(\.namespace)) { files[name] = try file(name) }
        let opened = files
        let isQuiet = try order.options.endsWhenQuiet ? quiet() : nil
        var salvo = TrialSalvo(order.packets, log, isQuiet: isQuiet) { name throws(TrialError) in
            if let file = opened[name] { return file }
            throw TrialError(.packet, "cannot enter \(name ?? "the host") in the rebuilt network")
        }
        reply.answers = try salvo.run(waitMilliseconds: order.options.waitMilliseconds)
        if let log { reply.arrivals = order.packets.indices.map { log.arrival(UInt16(truncatingIfNeeded: $0)) } }
    }

    private func quiet() throws(TrialError) -> () -> Bool {
        var files = [try file(nil)]
        for name in Sandbox.namedNamespaces { if let file = try? file(name) { files.append(file) } }
        let all = files
        return { all.allSatisfy { file in (try? file.perform { PendingNeighbors.exist }) == false } }
    }

    /// In every namespace that there is, also in what stands for the outside.
    private func arrivalLog() throws(TrialError) -> ArrivalLog {
        var namespaces = [(name: "", file: try file(nil))]
        for name in Sandbox.namedNamespaces {
            // One that a change has taken away in the meantime is none.
            if let file = try? file(name) { namespaces.append((name, file)) }
        }
        return ArrivalLog(namespaces)
    }

    private func answer(of sender: PacketSender, _ answer: PacketSender.Answer) -> TrialAnswer {
        switch answer {
        case .answered: .answered
        case .error(let number): .refused(errorNumber: number, byICMP: sender.hasICMPError)
        case .none: .silent
        }
    }

    private mutating func explain() throws(TrialError) {
        guard let sent = order.packets.first else { return }
        let names = Set(Sandbox.namedNamespaces)
        let hidden = order.hidden.filter { names.contains($0) }
        let explanation: Explanation
        do {
            if !hidden.isEmpty { try sandbox.hideFromThisThread(hidden) }
            var explainer = Explainer(
                from: Self.path(sent.namespace), request: sent.packet.request,
                waitSeconds: Double(order.options.waitMilliseconds) / 1000, hooks: order.options.hooks)
            explainer.tracesRules = order.options.tracesRules
            explainer.looksFurther = order.options.looksFurther
            explanation = try explainer.explain()
        } catch {
            throw TrialError(.packet, "\(error)")
        }
        let exchanges = explanation.group.exchanges
        reply.explained = TrialReply.Explained(
            exchanges: exchanges.map { exchange in
                TrialReply.Explained.Pair(
                    request: line(exchange.request), reply: exchange.reply.map(line),
                    isRequestAtReceiver: exchange.request.witness.isAtReceiver,
                    isReplyAtReceiver: exchange.reply?.witness.isAtReceiver ?? false)
            },
            arrived: !exchanges.isEmpty && exchanges.allSatisfy(\.arrived), warnings: explanation.warnings,
            remarks: explanation.remarks,
            topology: order.options.wantsTopology ? explanation.group.topology : nil)
    }

    /// With fixes as they are typed on the original host.
    private func line(_ walk: Walk) -> String {
        var walk = walk
        for index in walk.findings.indices {
            guard let remedy = walk.findings[index].remedy else { continue }
            let scope = CommandScope(home: order.originals[order.homeName]?.name ?? order.homeName)
            let actions = remedy.actions.map { action in
                var action = action
                if let place = action.place, let original = order.originals[place.name] {
                    action.place = RemedyAction.Place(name: original.name, path: original.path ?? place.path)
                }
                return RemedyAction(in: nil, .line(scope.line(action)))
            }
            var typed = Remedy(actions, verified: remedy.verified)
            typed.owner = remedy.owner
            walk.findings[index].remedy = typed
        }
        return WalkJSON.line(walk)
    }
}
